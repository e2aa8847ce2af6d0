"""What identifies a person (plate, phone, face template, personal account) and the keyed hash that takes its place.

A pseudonym reads `p1:{key}:{hash}`: the key's id and 128 bits of HMAC-SHA-256 in base64url. The HMAC's key is derived
per city and kind, so that hashes of two cities, or of a plate and a phone, are never the same and never comparable.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import typing
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

Kind = Literal["person", "plate", "phone", "face", "account"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
PREFIX: Final = "p1:"
KEY_ID: Final = r"[a-z0-9]{4,16}"
PSEUDONYM: Final = re.compile(rf"p1:(?P<key>{KEY_ID}):[A-Za-z0-9_-]{{21}}[AQgw]")
LONGEST: Final = 128
"""Characters of a raw value."""


@dataclass(frozen=True, slots=True)
class PersonalMark:
    """Stands in a field's annotation: the gateway replaces the value by its pseudonym before anything leaves it."""

    kind: Kind

    def __get_pydantic_json_schema__(self, core: Any, handler: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        """Readers of the JSON Schema see which values are hashed."""
        return {**handler(core), "x-personal": self.kind}


def well_formed(value: str) -> str:
    """A raw value that has something in it, or a whole pseudonym; ValueError (which never quotes the value) else."""
    if value.startswith(PREFIX):
        if not PSEUDONYM.fullmatch(value):
            raise ValueError("begins like a pseudonym but is none: p1:{key id}:{22 characters of base64url}")
    elif not any(letter.isalnum() for letter in value):
        raise ValueError("holds no letter or digit")
    return value


_PHONE: Final = re.compile(r"\+[0-9][0-9 ()-]{8,18}[0-9]")


def looks_like_phone(text: str) -> bool:
    """Whether this is a telephone number with its `+`, which no id or name is."""
    return text.startswith("+") and _PHONE.fullmatch(text) is not None


def key_id_of(value: str) -> str | None:
    """The id of the key that made this pseudonym; None for a raw value."""
    found = PSEUDONYM.fullmatch(value)
    return found["key"] if found else None


def city_secret(secret: bytes, city: str) -> bytes:
    """The city's own secret under a key: what a source is given that hashes by itself. It tells no other city's."""
    return hmac.digest(secret, f"ahual city {city}".encode(), hashlib.sha256)


def pseudonym(of_city: bytes, key_id: str, kind: Kind, value: str) -> str:
    """The pseudonym of a raw value under a city's secret."""
    kind_secret = hmac.digest(of_city, f"ahual kind {kind}".encode(), hashlib.sha256)
    digest = hmac.digest(kind_secret, normal(kind, value).encode(), hashlib.sha256)[:16]
    return f"{PREFIX}{key_id}:{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


# Letters of Kazakhstan's plates are Latin; people type the Cyrillic ones that look the same.
_LOOKALIKES: Final = str.maketrans("АВЕКМНОРСТУХІ", "ABEKMHOPCTYXI")


def normal(kind: Kind, value: str) -> str:
    """One spelling per person: two systems that write the same plate or number differently get the same pseudonym.

    A face template's id is opaque, so only its surrounding blanks go.
    """
    if kind == "face":
        return unicodedata.normalize("NFC", value.strip())
    text = "".join(letter for letter in unicodedata.normalize("NFKC", value).upper() if letter.isalnum())
    if kind == "plate":
        return text.translate(_LOOKALIKES)
    if kind == "phone":
        return re.sub(r"^8(?=7\d{9}$)|^(?=7\d{9}$)", "7", text)
    return text


def marks(annotation: Any) -> Iterator[PersonalMark]:
    """The marks anywhere in an annotation."""
    for part in get_args(annotation):
        if isinstance(part, PersonalMark):
            yield part
        else:
            yield from marks(part)


def personal_fields(model: type[Any]) -> dict[str, Kind]:
    """The fields of a model whose values identify a person."""
    hints = typing.get_type_hints(model, include_extras=True)
    found = ((name, next(marks(hint), None)) for name, hint in hints.items())
    return {name: mark.kind for name, mark in found if mark}
