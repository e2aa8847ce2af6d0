"""A page is there when a resident would say so."""

from __future__ import annotations

import pytest

from services.probe.watching import Seen, look
from tests.probe.conftest import SCORE
from tests.probe.web import Answer, Site


async def seen(web: Site, timeout_s: float = 2.0) -> Seen:
    return await look(web.url, "karaganda", timeout_s, True)


async def test_page_and_figures(web: Site) -> None:
    found = await seen(web)
    assert (found.good, found.status) == (True, 200)
    assert found.answered_ms is not None


@pytest.mark.parametrize(
    ("path", "answer", "status"),
    [
        ("/", Answer("<html>Maintenance</html>", 503), 503),
        ("/", Answer("<html>Only the begin"), 200),
        ("/", Answer("<html></html>" + " " * 1000, cut=True), None),
        ("/", Answer("<html></html>", after_s=0.6), None),
        (SCORE, Answer("{}", 500, "application/json"), 500),
        (SCORE, Answer("<html>Sign in</html>"), 200),
        (SCORE, Answer("{}", kind="application/json", after_s=0.6), 200),
    ],
    ids=["an error", "half a page", "a cut connection", "too slow", "no figures", "other figures", "figures too slow"],
)
async def test_what_is_not_there(web: Site, path: str, answer: Answer, status: int | None) -> None:
    web.answers[path] = answer
    found = await seen(web, timeout_s=0.3)
    assert (found.good, found.status) == (False, status)


async def test_nobody_answers(web: Site) -> None:
    assert await look("http://127.0.0.1:9/", "karaganda", 2.0, True) == Seen(False, None, None)
