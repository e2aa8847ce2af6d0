"""What identifies a person has one spelling, one hash per city, kind and key, and a form that is recognised."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from schemas.events.envelope import Account, Data, Face, Personal, Phone, Plate
from schemas.events.registry import EVENT_TYPES
from schemas.personal import KINDS, PSEUDONYM, Kind, city_secret, key_id_of, normal, personal_fields, pseudonym

SECRET = bytes(range(32))
KARAGANDA = city_secret(SECRET, "karaganda")


class Sighting(Data):
    """Only for this test."""

    plate: Plate
    phone: Phone | None = None
    face: Face | None = None
    account: Account | None = None
    who: Personal | None = None
    lane: int


def test_fields_that_identify_a_person_are_found_with_their_kind() -> None:
    expected = {"plate": "plate", "phone": "phone", "face": "face", "account": "account", "who": "person"}
    assert personal_fields(Sighting) == expected


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_a_type_chooses_its_key_by_a_time_it_must_have(name: str) -> None:
    data = EVENT_TYPES[name]
    if data.personal_since is not None:
        assert personal_fields(data)
        assert data.model_fields[data.personal_since].is_required()
        assert "datetime" in str(data.model_fields[data.personal_since].annotation).lower()


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("plate", "123 ABC 02", "123авс-02"),
        ("plate", "A 777 KM", "а777км"),
        ("phone", "+7 (701) 123-45-67", "87011234567"),
        ("phone", "7011234567", "+77011234567"),
        ("account", "00-12 345", "0012345"),
        ("face", " ft-Ab1 ", "ft-Ab1"),
        ("person", "900101 300123", "900101300123"),
    ],
)
def test_one_person_has_one_pseudonym_however_it_is_written(kind: Kind, one: str, other: str) -> None:
    assert pseudonym(KARAGANDA, "k001", kind, one) == pseudonym(KARAGANDA, "k001", kind, other)


def test_what_differs_stays_different() -> None:
    assert normal("phone", "109") == "109"
    assert normal("face", "AB") != normal("face", "ab")
    assert normal("account", "0012345") != normal("account", "12345")


def test_cities_kinds_and_keys_are_not_comparable() -> None:
    made = {pseudonym(KARAGANDA, "k001", kind, "123ABC02")[8:] for kind in KINDS}
    made.add(pseudonym(city_secret(SECRET, "almaty"), "k001", "plate", "123ABC02")[8:])
    made.add(pseudonym(city_secret(SECRET[::-1], "karaganda"), "k001", "plate", "123ABC02")[8:])
    assert len(made) == len(KINDS) + 2


def test_the_form_is_fixed() -> None:
    # Computed with `openssl dgst -sha256 -mac HMAC`.
    assert pseudonym(KARAGANDA, "k001", "plate", "123ABC02") == "p1:k001:jZzpYDTBlTBtGJUWx75c_A"
    assert key_id_of("p1:k001:jZzpYDTBlTBtGJUWx75c_A") == "k001"
    assert key_id_of("123ABC02") is None
    assert PSEUDONYM.fullmatch("p1:k001:jZzpYDTBlTBtGJUWx75c_B") is None, "bits beyond the 128th are zero"


@pytest.mark.parametrize("value", ["p1:123ABC02", "p1:k001:123ABC02", "p1::", "- -", "", "a\nb", "x" * 129])
def test_neither_a_value_nor_a_pseudonym(value: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(Plate).validate_python(value)
    shown = str(caught.value.errors(include_input=False, include_url=False, include_context=False))
    assert "123ABC02" not in shown
