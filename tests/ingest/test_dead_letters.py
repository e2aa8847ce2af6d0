"""The record of a rejection."""

from __future__ import annotations

import hashlib

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from schemas.dead_letter import DeadLetter, Reason
from services.ingest.dead_letters import KEPT_BYTES, dead_letter
from services.ingest.seal import Opened, Opener, Sealer
from services.ingest.validation import Rejected
from tests.ingest.events import DEVICE, NOW

PRIVATE = X25519PrivateKey.generate()
SEALER = Sealer(PRIVATE.public_key())
OPENER = Opener(PRIVATE)
TOPIC = f"ahual/v1/{DEVICE}/events"


def test_a_short_payload_is_kept_whole_and_sealed() -> None:
    letter = dead_letter(Rejected(Reason.EMPTY, None, "d", b"\x00\xff"), TOPIC, DEVICE, NOW, SEALER)
    again = DeadLetter.model_validate_json(letter.model_dump_json())
    assert again == letter
    assert (again.size, again.truncated, again.sha256, again.topic) == (2, False, "", TOPIC)
    assert (again.city, again.system, again.device) == DEVICE
    digest = hashlib.sha256(b"\x00\xff").hexdigest()
    assert OPENER.open(again.payload, str(DEVICE)) == Opened(digest, TOPIC, b"\x00\xff")


def test_a_long_payload_is_cut_and_its_size_and_hash_are_of_the_whole() -> None:
    payload = b"x" * (KEPT_BYTES + 1)
    letter = dead_letter(Rejected(Reason.OVERSIZED, None, "d", payload), TOPIC, DEVICE, NOW, SEALER)
    assert (letter.size, letter.truncated) == (KEPT_BYTES + 1, True)
    opened = OPENER.open(letter.payload, str(DEVICE))
    assert opened.payload == payload[:-1]
    assert opened.sha256 == hashlib.sha256(payload).hexdigest()
    assert len(letter.model_dump_json()) < 1_000_000, "fits into a Kafka record"


def test_a_topic_that_is_none_of_ours_may_say_anything_so_it_is_sealed_too() -> None:
    letter = dead_letter(Rejected(Reason.UNKNOWN_TOPIC, None, "d", b"x"), "cars/123ABC02", None, NOW, SEALER)
    assert "123ABC02" not in letter.model_dump_json()
    assert OPENER.open(letter.payload, "").topic == "cars/123ABC02"


def test_without_a_seal_nothing_of_the_payload_is_kept() -> None:
    letter = dead_letter(Rejected(Reason.EMPTY, None, "d", b"+77011234567"), TOPIC, DEVICE, NOW, None)
    assert (letter.payload, letter.sha256, letter.size, letter.truncated) == (b"", "", 12, True)
