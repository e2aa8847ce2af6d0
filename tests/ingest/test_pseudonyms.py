"""What identifies a person leaves the gateway as a pseudonym, the same one whenever its event is delivered."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest

from deploy.privacy import PrivacyFolder
from schemas.dead_letter import Reason
from schemas.events.envelope import Data, Event, EventClass, Name, Phone, Plate, Timestamp
from schemas.personal import PSEUDONYM, city_secret, pseudonym
from services.ingest.errors import RejectedError
from services.ingest.hash_keys import HashKeys
from services.ingest.pseudonyms import Pseudonyms

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ROTATED = NOW + DAY
KEYS = HashKeys().with_new(NOW).with_new(NOW, ROTATED)
OLD, NEW = KEYS.keys


class Fined(Data):
    """Only for this test: the opening event of a case."""

    type_name: ClassVar[str] = "kz.ahual.trial.fined.v1"
    system: ClassVar[str | None] = None
    event_class: ClassVar[EventClass] = "department"
    personal_since: ClassVar[str | None] = "fined_at"

    fine: Name
    plate: Plate
    phone: Phone | None = None
    fined_at: Timestamp


class FinePaid(Fined):
    """… and its end, months later."""

    type_name: ClassVar[str] = "kz.ahual.trial.fine-paid.v1"


class Passed(Data):
    """Only for this test: a fact that is over at once."""

    type_name: ClassVar[str] = "kz.ahual.trial.passed.v1"
    system: ClassVar[str | None] = None
    event_class: ClassVar[EventClass] = "telemetry"

    plate: Plate


def event(data: Data, when: datetime = NOW) -> Event[Any]:
    contract: Any = Event
    made: Event[Any] = contract[type(data)](
        specversion="1.0", id="e-1", source="/karaganda/traffic/cam-1", type=data.type_name, time=when, data=data
    )
    return made


def fined(when: datetime, **more: Any) -> Fined:
    return Fined(fine="f-1", plate="123 ABC 02", fined_at=when, **more)


def test_every_personal_value_is_replaced_and_nothing_else() -> None:
    before = event(fined(NOW, phone="+7 701 123 45 67"))
    after = Pseudonyms(KEYS).applied(before, "karaganda")
    assert PSEUDONYM.fullmatch(after.data.plate)
    assert PSEUDONYM.fullmatch(after.data.phone)
    assert after.model_dump(exclude={"data"}) == before.model_dump(exclude={"data"})
    assert (after.data.fine, after.data.fined_at) == (before.data.fine, before.data.fined_at)
    assert "123" not in after.model_dump_json().replace(after.data.plate, "").replace(after.data.phone, "")


def test_an_absent_one_stays_absent() -> None:
    assert Pseudonyms(KEYS).applied(event(fined(NOW)), "karaganda").data.phone is None


def test_the_same_event_has_the_same_content_before_and_after_a_rotation() -> None:
    told = event(Passed(plate="123ABC02"), NOW + DAY / 2)
    before = Pseudonyms(HashKeys(keys=(OLD,))).applied(told, "karaganda", b"raw")
    after = Pseudonyms(KEYS).applied(told, "karaganda", b"raw")
    assert before == after
    later = event(Passed(plate="123ABC02"), ROTATED)
    assert Pseudonyms(KEYS).applied(later, "karaganda").data.plate != after.data.plate


def test_the_end_of_a_case_has_the_pseudonym_of_its_beginning_over_a_rotation() -> None:
    pseudonyms = Pseudonyms(KEYS)
    begun = pseudonyms.applied(event(fined(NOW)), "karaganda")
    ended = pseudonyms.applied(event(FinePaid(**dict(fined(NOW))), ROTATED + 30 * DAY), "karaganda")
    assert ended.data.plate == begun.data.plate


def test_a_source_may_hash_by_itself_with_a_known_key() -> None:
    assert NEW.secret
    own = pseudonym(city_secret(NEW.secret, "karaganda"), NEW.id, "plate", "123ABC02")
    pseudonyms = Pseudonyms(KEYS)
    assert pseudonyms.applied(event(Passed(plate=own)), "karaganda").data.plate == own
    theirs = pseudonyms.applied(event(Passed(plate="123-abc-02"), ROTATED), "karaganda").data.plate
    assert theirs == own, "and it is the gateway's own"
    foreign = own.replace(NEW.id, "unknown1")
    with pytest.raises(RejectedError) as caught:
        pseudonyms.applied(event(Passed(plate=foreign)), "karaganda")
    assert (caught.value.reason, caught.value.field) == (Reason.INVALID_FIELD, "$.data.plate")


@pytest.mark.parametrize("keys", [HashKeys(), KEYS.destroyed(ROTATED + 2 * DAY, DAY)])
def test_without_a_key_for_its_time_nothing_passes(keys: HashKeys) -> None:
    with pytest.raises(RejectedError) as caught:
        Pseudonyms(keys).applied(event(Passed(plate="123ABC02")), "karaganda")
    assert (caught.value.reason, caught.value.field) == (Reason.NO_HASH_KEY, "$.data.plate")
    assert "123ABC02" not in caught.value.detail


def test_an_event_without_id_gets_one_that_cannot_be_guessed_from_outside() -> None:
    told = event(Passed(plate="123ABC02"))
    one = Pseudonyms(KEYS).applied(told, "karaganda", b"raw")
    assert one.id == Pseudonyms(KEYS).applied(told, "karaganda", b"raw").id != told.id
    assert one.id != Pseudonyms(KEYS).applied(told, "karaganda", b"other").id
    assert one.id != Pseudonyms(HashKeys().with_new(NOW)).applied(told, "karaganda", b"raw").id


async def test_a_changed_file_is_read_again_and_a_damaged_one_changes_nothing(tmp_path: Path) -> None:
    place = PrivacyFolder(tmp_path)
    place.init(NOW)
    pseudonyms = Pseudonyms(place.read())
    following = asyncio.create_task(pseudonyms.keep_fresh(place.hash_keys, 0.01))
    told = event(Passed(plate="123ABC02"), ROTATED)
    before = pseudonyms.applied(told, "karaganda")
    await asyncio.sleep(0.05)
    good = place.hash_keys.read_bytes()
    place.hash_keys.write_bytes(b"{")
    await asyncio.sleep(0.1)
    assert pseudonyms.applied(told, "karaganda") == before
    place.hash_keys.write_bytes(good)
    place.change(lambda keys: keys.with_new(NOW, ROTATED))
    os.utime(place.hash_keys)
    for _ in range(500):
        await asyncio.sleep(0.01)
        if pseudonyms.applied(told, "karaganda") != before:
            break
    following.cancel()
    assert pseudonyms.applied(told, "karaganda") != before
