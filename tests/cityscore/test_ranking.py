from __future__ import annotations

import random
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from schemas.catalogue import Category
from services.cityscore.index import score
from services.cityscore.ranking import rank
from services.cityscore.result import Score
from tests.cityscore.golden import load_golden
from tests.cityscore.test_index import SMALL

BLANK = score(SMALL, "district", {})


def city(total: float | None, category: Category = Category.DISTRICT) -> Score:
    return replace(BLANK, total=total, category=category)


def test_worked_by_hand() -> None:
    cases = load_golden().places
    ranking = rank({case.city: city(case.total) for case in cases})
    assert {place.city: place.rank for place in ranking[Category.DISTRICT]} == {c.city: c.place for c in cases}


def test_each_category_has_its_own_first() -> None:
    ranking = rank({"a": city(10), "b": city(90, Category.REPUBLICAN), "c": city(20)})
    assert [(p.rank, p.city) for p in ranking[Category.DISTRICT]] == [(1, "c"), (2, "a")]
    assert [(p.rank, p.city) for p in ranking[Category.REPUBLICAN]] == [(1, "b")]
    assert Category.REGIONAL not in ranking


def test_totals_equal_to_9_decimals_share_a_rank() -> None:
    ranking = rank({"b": city(0.1 + 0.2), "a": city(0.3), "c": city(0.2)})
    assert [(p.rank, p.city) for p in ranking[Category.DISTRICT]] == [(1, "a"), (1, "b"), (3, "c")]


def test_a_city_without_a_score_has_no_rank() -> None:
    ranking = rank({"b": city(None), "a": city(None), "z": city(1)})
    assert [(p.rank, p.city) for p in ranking[Category.DISTRICT]] == [(1, "z"), (None, "a"), (None, "b")]


_totals = st.dictionaries(st.text(min_size=1, max_size=3), st.none() | st.sampled_from([0.0, 45.0, 60.0, 99.5]))


@given(_totals, st.randoms(use_true_random=False))
def test_the_order_of_cities_never_matters(totals: dict[str, float | None], chance: random.Random) -> None:
    shuffled = list(totals)
    chance.shuffle(shuffled)
    ranked = rank({name: city(totals[name]) for name in shuffled})
    assert ranked == rank({name: city(total) for name, total in totals.items()})
    assert sorted(p.city for places in ranked.values() for p in places) == sorted(totals)
