"""The language of an answer follows the client's weights."""

from __future__ import annotations

import pytest

from services.runtime.accept_language import preferred


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", "en"),
        ("kk", "kk"),
        ("RU-ru", "ru"),
        ("kk-Cyrl-KZ, ru;q=0.9", "kk"),
        ("ru;q=0.4, kk; q=0.8, en;q=0.1", "kk"),
        ("ru, kk", "ru"),
        ("de, fr;q=0.9, ru;q=0.1", "ru"),
        ("*", "en"),
        ("kk;q=0, ru;q=0.1", "ru"),
        ("kk;q=often, ru;q=0.1", "ru"),
        ("kk;q=nan, ru;q=0.1", "ru"),
        ("kk;q=7, ru;q=0.1", "ru"),
        ("kkj, ru;q=0.1", "ru"),
        (";;q=,,", "en"),
    ],
)
def test_the_best_known_language(header: str, expected: str) -> None:
    assert preferred(header) == expected
