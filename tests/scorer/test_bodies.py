"""Bodies come back as they went in, each at its position."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from services.scorer.bodies import pack, unpack


@given(st.lists(st.binary().map(lambda body: body.replace(b"\n", b"")), min_size=1))
def test_lines_come_back_in_order(lines: list[bytes]) -> None:
    assert unpack(pack(lines)) == lines


def test_a_line_feed_between_tokens_does_not_move_positions() -> None:
    spread = json.dumps({"id": "a\nb"}, indent=1).encode()
    [first, second] = unpack(pack([spread, b"{}"]))
    assert json.loads(first) == {"id": "a\nb"}
    assert second == b"{}"
