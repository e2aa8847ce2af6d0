"""The record of a rejection."""

from __future__ import annotations

import hashlib

from schemas.dead_letter import DeadLetter, Reason
from services.ingest.dead_letters import KEPT_BYTES, dead_letter
from services.ingest.validation import Rejected
from tests.ingest.events import DEVICE, NOW


def test_a_short_payload_is_kept_whole() -> None:
    letter = dead_letter(Rejected(Reason.EMPTY, None, "d", b"\x00\xff"), "topic", DEVICE, NOW)
    again = DeadLetter.model_validate_json(letter.model_dump_json())
    assert again == letter
    assert (again.payload, again.size, again.truncated) == (b"\x00\xff", 2, False)
    assert (again.city, again.system, again.device) == DEVICE


def test_a_long_payload_is_cut_and_its_size_and_hash_are_of_the_whole() -> None:
    payload = b"x" * (KEPT_BYTES + 1)
    letter = dead_letter(Rejected(Reason.OVERSIZED, None, "d", payload), "topic", None, NOW)
    assert (len(letter.payload), letter.size, letter.truncated) == (KEPT_BYTES, KEPT_BYTES + 1, True)
    assert letter.sha256 == hashlib.sha256(payload).hexdigest()
    assert len(letter.model_dump_json()) < 1_000_000, "fits into a Kafka record"
