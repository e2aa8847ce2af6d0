"""What tells one set of measures from another."""

from __future__ import annotations

from services.cityscore.catalogue import load_catalogue
from services.scorer.versions import basis


def test_a_citys_own_kpi_makes_no_catalogue_newer() -> None:
    ordered = load_catalogue()
    first = ordered.initiatives[1]
    own = first.kpis[0].model_copy(update={"code": "17.1"})
    both = ordered.model_copy(update={"additional": (first.model_copy(update={"number": 17, "kpis": (own,)}),)})
    assert basis(both, {}).measures == basis(ordered, {}).measures
    assert basis(both, {}).hash != basis(ordered, {}).hash
