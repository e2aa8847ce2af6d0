"""What several contracts demand of their fields together."""

from __future__ import annotations

from itertools import pairwise
from typing import Any


def in_order(data: Any, *names: str) -> None:
    """These timestamps must not lie before one another; ValueError names the two that do. Absent ones are left out."""
    given = [(name, moment) for name in names if (moment := getattr(data, name)) is not None]
    for (before, earlier), (after, later) in pairwise(given):
        if later < earlier:
            raise ValueError(f"{after} lies before {before}")
