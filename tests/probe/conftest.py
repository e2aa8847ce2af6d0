"""A site that shows what ours does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.probe.web import Answer, Site, site

SCORE = "/api/v1/cities/karaganda/cityscore"


@pytest.fixture
def web() -> Iterator[Site]:
    with site() as made:
        made.answers["/"] = Answer("<!doctype html><html><body>…</body></html>\n")
        made.answers[SCORE] = Answer("{}", kind="application/json")
        yield made
