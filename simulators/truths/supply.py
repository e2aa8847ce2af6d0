"""What the tables of electricity, water, heat and gas have in common (annex 4, tables 13 to 16, rows 1 to 5)."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Final

from simulators.truths.complaints import complaints as of_category
from simulators.truths.kpi import PERCENT, Added, Kpi, stated
from simulators.truths.surveys import satisfaction

_CENTRE: Final = ("contact-centre",)


def complaints(category: str) -> Kpi:
    """Complaints to 109 of a category per 1,000 residents."""
    return Kpi(
        shape="ratio",
        numerator=(of_category(category),),
        base=(stated("residents"),),
        scale=Fraction(1, 1000),
        sources=_CENTRE,
    )


def stock_share(part: str, whole: str, system: str) -> Kpi:
    """One inventory in percent of another."""
    return Kpi(shape="latest", numerator=(stated(part),), base=(stated(whole),), scale=PERCENT, sources=(system,))


def supply(number: int, system: str, category: str) -> Mapping[str, Kpi]:
    """The five rows of a supply's table; `category` is that of the complaints about it."""
    restored = Added(
        f"{system}.supply-restored",
        when=lambda e: bool(e.data["cause"] == "accident"),
        amount=lambda e: e.at("restored_at") - e.at("begun_at"),
        at="restored_at",
    )
    read = f"{system}.reading-accepted"
    automatic = Added(read, when=lambda e: bool(e.data["method"] == "automatic"), at="read_at")
    rows = (
        stock_share(f"buildings_smart_{system}", f"buildings_on_{system}", system),
        Kpi(shape="mean", numerator=(restored,), scale=60_000, sources=(system,)),
        Kpi(shape="share", numerator=(automatic,), denominator=(Added(read, at="read_at"),), sources=(system,)),
        complaints(category),
        satisfaction(system, system),
    )
    return {f"{number}.{row}": kpi for row, kpi in enumerate(rows, start=1)}
