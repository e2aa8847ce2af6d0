"""The API's pure parts, its examples and its texts."""

from __future__ import annotations

import re
import string
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import get_args

import pytest

from schemas.live import EndReason
from schemas.measures import Measure
from schemas.retention import PARTS_KEPT
from schemas.snapshot import (
    ClosedSnapshot,
    Freshness,
    KpiState,
    PastClosedSnapshot,
    PastSnapshot,
    Snapshot,
    Window,
)
from schemas.sources import STATES
from schemas.windows import ClosedPeriods, KpiWindows
from services.api import examples
from services.api.changes import change
from services.api.errors import ApiError, SeriesRangeError
from services.api.explain import Explanation
from services.api.kpis import KpiRow
from services.api.language import in_language
from services.api.page import page_texts
from services.api.quotients import value_of
from services.api.series import Series, span_of
from services.api.yearly import Yearly
from services.runtime.messages import LANGUAGES, room
from services.scorer import kinds
from services.scorer.kinds import Facts, Span, Sums
from tests.api.samples import catalogue, snapshot

NOW = datetime(2026, 11, 22, 18, tzinfo=UTC)
STATIC = files("services.api") / "static"


def test_applying_differences_gives_the_newest_snapshot() -> None:
    held = snapshot(1).model_dump(mode="json")
    for revision, waiting in ((2, 3.0), (3, 55.5), (4, 14.2)):
        after = snapshot(revision, k2_1=waiting).model_dump(mode="json")
        step = change(held, after)
        assert step is not None
        for part in ("sections", "kpis"):
            held[part] |= step.pop(part)
        assert step.pop("previous") == revision - 1
        held |= step
        assert held == after


@pytest.mark.parametrize("other", [snapshot(1), snapshot(2, additional=5), snapshot(2, city="almaty")])
def test_no_difference_between_what_does_not_follow(other: Snapshot) -> None:
    assert change(snapshot(1).model_dump(mode="json"), other.model_dump(mode="json")) is None


@pytest.mark.parametrize("kind", ["share", "mean", "ratio"])
def test_series_divides_as_the_scorer_does(kind: str) -> None:
    measure = Measure(kind=kind, scale=1 if kind == "share" else 1000)
    span = Span(Window(begin=NOW, end=NOW), NOW)
    for numerator, denominator in ((0, 3), (17, 3), (10**12 + 1, 7)):
        facts = Facts({"": Sums(numerator, denominator)})
        assert value_of(measure, numerator, denominator) == kinds.value_of(measure, facts, Facts(), span)
    assert value_of(measure, 0, 0) is None


def test_the_whole_of_what_is_kept_can_be_asked_for() -> None:
    for tier, kept in PARTS_KEPT.items():
        if kept is None:
            continue
        assert span_of(tier, NOW - kept, NOW, NOW) == (NOW - kept, NOW)
        with pytest.raises(SeriesRangeError):
            span_of(tier, NOW - kept - timedelta(days=1), NOW - kept, NOW)


def test_in_language_reaches_every_depth() -> None:
    text = {"kk": "а", "ru": "б", "en": "c"}
    assert in_language({"a": [text, {"b": text}], "n": 1}, "ru") == {"a": ["б", {"b": "б"}], "n": 1}
    assert in_language(text, None) is text


def test_examples_are_of_their_models() -> None:
    Snapshot.model_validate(examples.SNAPSHOT)
    KpiState.model_validate(examples.KPI_STATE)
    KpiRow.model_validate(examples.KPI_ROW)
    Series.model_validate(examples.SERIES)
    Explanation.model_validate(examples.EXPLANATION)
    ClosedSnapshot.model_validate(examples.CLOSED_SNAPSHOT)
    PastSnapshot.model_validate(examples.PAST_SNAPSHOT)
    PastClosedSnapshot.model_validate(examples.PAST_CLOSED_SNAPSHOT)
    KpiWindows.model_validate(examples.WINDOWS)
    ClosedPeriods.model_validate(examples.PERIODS)
    Yearly.model_validate(examples.YEARLY)


def test_texts_are_complete_in_three_languages() -> None:
    for key, texts in room("api").items():
        assert set(texts) == set(LANGUAGES), key
        fields = {lang: {name for _, name, _, _ in string.Formatter().parse(texts[lang]) if name} for lang in LANGUAGES}
        blanks = {lang: set(re.findall(r"\{\{(\w+)\}\}", texts[lang])) for lang in LANGUAGES}
        assert fields["kk"] == fields["ru"] == fields["en"], key
        assert blanks["kk"] == blanks["ru"] == blanks["en"], key
        assert all(texts[lang].strip() for lang in LANGUAGES), key


def test_every_failure_has_its_texts() -> None:
    codes = {kind.code for kind in ApiError.__subclasses__() if hasattr(kind, "code")}
    codes |= set(re.findall(r'SeriesRangeError\("(\w+)"', (files("services.api") / "series.py").read_text()))
    assert len(codes) >= 9
    assert {f"problem_{code}" for code in codes} <= room("api").keys()
    assert {f"problem_{code}_detail" for code in codes} <= room("api").keys()


def test_the_page_asks_for_no_text_that_is_not_there_and_none_is_left_over() -> None:
    texts = page_texts(catalogue().methodology, "kk")
    html = (STATIC / "index.html").read_text("utf-8")
    script = "".join((STATIC / f"{name}.js").read_text("utf-8") for name in ("page", "format", "sources"))
    used = set(re.findall(r'data-(?:text|title|label)="(\w+)"', html)) | set(re.findall(r'say\("(\w+)"', script))
    used |= set(re.findall(r"texts\.page_(\w+)", script)) | set(get_args(Freshness))
    used |= {f"col_{name}" for name in ("value", "target", "points", "freshness", "parts")}
    used |= {f"source_{state}" for state in STATES} | {"exact", "inexact"}
    used |= {"target_decrease", "target_increase", "age_s", "age_min", "age_h", "age_d"}
    assert {name.removeprefix("page_") for name in texts if name.startswith("page_")} == used


def test_the_page_asks_nobody_else() -> None:
    for name in ("index.html", "page.js", "feed.js", "format.js", "sources.js", "page.css"):
        content = (STATIC / name).read_text("utf-8")
        assert not re.search(r"https?://", content), name
        assert not re.search(r"\sstyle=|<script>|\son\w+=\"", content), name


def test_the_script_knows_every_kind_of_message() -> None:
    script = (STATIC / "feed.js").read_text("utf-8")
    assert '["snapshot", "change", "heartbeat", "end"]' in script
    assert set(get_args(EndReason)) == {"life", "shutdown", "stalled"}
