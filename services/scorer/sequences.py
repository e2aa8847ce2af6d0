"""CloudEvents `sequence`: which numbers of a source were seen, as ranges. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import accumulate
from typing import Final

Range = tuple[int, int]
"""Begin and end, end excluded."""
GREATEST: Final = 1 << 62
"""A larger number says nothing: it would not fit the database's integers."""
MOST_RESTARTS: Final = 4
"""A source that counts anew more often than this within a batch does not count."""


def epochs(texts: Sequence[str | None], *, restarts: bool) -> list[list[Range]]:
    """The numbers as ranges in the order of arrival, cut where a counter started anew.

    The events are distinct (the ledger has taken duplicates away), so a number that comes again is another count.
    Without `restarts` it is taken for a repetition: a source without clock may have sent it twice.
    """
    numbers = [int(text) for text in texts if text is not None]
    distinct = set(numbers)
    if not distinct:
        return []
    if len(distinct) < len(numbers) and restarts:
        return [ranges(part) for part in _cut_at_repetitions(numbers)]
    found = ranges(distinct)
    if len(found) > 1 and restarts and (cut := _descent(numbers)):
        return [ranges(set(numbers[:cut])), ranges(set(numbers[cut:]))]
    return [found]


def _cut_at_repetitions(numbers: Sequence[int]) -> list[set[int]]:
    parts: list[set[int]] = [set()]
    for number in numbers:
        if number in parts[-1] and len(parts) <= MOST_RESTARTS:
            parts.append(set())
        parts[-1].add(number)
    return parts


def _descent(numbers: Sequence[int]) -> int:
    """Where all later numbers lie below all earlier ones, as they do when a counter starts anew; 0 for nowhere.

    Disorder hardly ever looks like that, and if it does the two parts are joined again by the database.
    """
    lowest = list(accumulate(numbers, min))
    highest = list(accumulate(reversed(numbers), max))[::-1]
    return next((i for i in range(1, len(numbers)) if highest[i] < lowest[i - 1]), 0)


def ranges(numbers: Collection[int]) -> list[Range]:
    """The fewest ranges that hold exactly these distinct numbers."""
    low, high = min(numbers), max(numbers)
    if high - low + 1 == len(numbers) and high < GREATEST:
        return [(low, high + 1)]
    found: list[Range] = []
    for number in sorted(numbers):
        if number >= GREATEST:
            break
        if found and found[-1][1] == number:
            found[-1] = (found[-1][0], number + 1)
        else:
            found.append((number, number + 1))
    return found


def text(found: Sequence[Range]) -> str:
    """PostgreSQL's int8multirange."""
    return "{" + ",".join(f"[{begin},{end})" for begin, end in found) + "}"
