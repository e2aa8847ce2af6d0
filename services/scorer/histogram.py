"""Fixed logarithmic bins of durations: mergeable by adding counts, integers throughout.

Below 64 every integer has its own bin; above, each doubling is cut into 32 bins of equal width. The middle of a bin is
thus at most 1/64 (1.6 %) away from any value in it, whatever the unit. A year in milliseconds lies in bin 986.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Final

BITS: Final = 5
"""Each doubling has 2⁵ bins."""
RELATIVE_ERROR: Final = Fraction(1, 2 ** (BITS + 1))
_EXACT: Final = 2 ** (BITS + 1)
_MASK: Final = 2**BITS - 1


def bin_of(value: int) -> int:
    """The bin of a value ≥ 0."""
    shift = value.bit_length() - BITS - 1
    return value if shift <= 0 else (shift << BITS) + (value >> shift)


def middle_of(number: int) -> float:
    """The middle between the smallest and the largest integer of a bin."""
    if number < _EXACT:
        return float(number)
    shift = (number >> BITS) - 1
    low = ((number & _MASK) + _MASK + 1) << shift
    return low + ((1 << shift) - 1) / 2


def percentile(bins: Mapping[int, int], percent: int | Fraction) -> float | None:
    """The nearest-rank percentile, 0 < percent ≤ 100, to within RELATIVE_ERROR; None without any value.

    Nearest rank: the smallest value that at least `percent` of all values do not exceed.
    """
    rank = -(-sum(bins.values()) * percent // 100)
    for number, count in sorted(bins.items()):
        rank -= count
        if count and rank <= 0:
            return middle_of(number)
    return None
