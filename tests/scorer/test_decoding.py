"""What is stored, what is rejected, and what identity and content hashes say."""

from __future__ import annotations

from schemas.dead_letter import Reason
from services.scorer.decoding import RecordDecoder
from services.scorer.ledger import contradictions
from services.scorer.types import Record
from tests.scorer.events import answered

CITIES = {"karaganda"}


def test_an_event_is_decoded_with_its_identity() -> None:
    [decoded], rejected = RecordDecoder().decode([Record(7, answered(id="x"))], CITIES)
    assert not rejected
    assert decoded.identity == ("karaganda", "contact-centre", "pbx-1")
    assert decoded.offset == 7
    assert decoded.event_class == "department"


def test_identity_is_source_id_and_time() -> None:
    records = [
        Record(0, answered(id="x")),
        Record(1, answered(id="x", subject="other content")),
        Record(2, answered(id="y")),
        Record(3, answered(id="x", time="2026-11-22T10:00:11Z")),
    ]
    decoded, _ = RecordDecoder().decode(records, CITIES)
    assert decoded[0].key == decoded[1].key
    assert decoded[0].content_hash != decoded[1].content_hash
    assert len({event.key for event in decoded}) == 3


def test_what_cannot_be_decoded_is_rejected_with_its_bytes() -> None:
    broken = [b"", b"{", b"[]", b'{"type":"nobody.knows.v1"}', answered().replace(b"/karaganda/", b"/Karaganda/")]
    decoded, rejected = RecordDecoder().decode([Record(i, body) for i, body in enumerate(broken)], CITIES)
    assert not decoded
    assert [r.reason for r in rejected] == [Reason.UNDECODABLE] * len(broken)
    assert [r.body for r in rejected] == broken


def test_an_unregistered_city_is_rejected_with_the_remedy() -> None:
    _, [rejected] = RecordDecoder().decode([Record(0, answered(city="nowhere"))], CITIES)
    assert rejected.reason is Reason.UNKNOWN_CITY
    assert "ahual city apply" in rejected.detail


def test_a_contradiction_is_one_of_the_ledger_first_and_of_the_batch_second() -> None:
    same, other = answered(id="x"), answered(id="x", subject="other content")
    records = [Record(offset, body) for offset, body in enumerate((same, same, other, answered(id="y")))]
    decoded, _ = RecordDecoder().decode(records, CITIES)
    first = [decoded[0], decoded[3]]
    assert [(r.offset, r.reason) for r in contradictions(decoded, first, {})] == [(2, Reason.CONFLICT)]
    there = {decoded[2].key: decoded[2].content_hash}
    assert [r.offset for r in contradictions(decoded, first, there)] == [0, 1]
