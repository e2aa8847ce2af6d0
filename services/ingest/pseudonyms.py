"""Puts pseudonyms in the place of what identifies a person; the gateway's memory of its hash keys."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from schemas.dead_letter import Reason
from schemas.events.envelope import Data, Event
from schemas.personal import Kind, city_secret, key_id_of, personal_fields, pseudonym
from services.ingest.errors import KeyFileError, RejectedError
from services.ingest.hash_keys import HashKey, HashKeys

log = logging.getLogger(__name__)
REFRESH_S: Final = 3.0


_known: Final[dict[type[Data], Mapping[str, Kind]]] = {}


def _fields_of(model: type[Data]) -> Mapping[str, Kind]:
    found = _known.get(model)
    if found is None:
        found = _known[model] = personal_fields(model)
    return found


class Pseudonyms:
    """Makes and recognises pseudonyms. Without keys it refuses every value: a raw one never passes."""

    def __init__(self, keys: HashKeys | None = None) -> None:
        self._keys: Sequence[HashKey] = ()
        self._secrets: dict[tuple[str, str], bytes] = {}
        self.adopt(keys or HashKeys())

    def adopt(self, keys: HashKeys) -> None:
        """Take other keys from now on."""
        self._keys = keys.keys
        self._secrets = {}

    def of(self, city: str, kind: Kind, value: str, moment: datetime, field: str) -> str:
        """The pseudonym of a value at a moment; one that is a pseudonym already, by a key known here, stays as it is.

        RejectedError when there is no key for it.
        """
        stated = key_id_of(value)
        if stated is not None:
            if not any(key.id == stated for key in self._keys):
                detail = "hashed with a key that is not known here: `ahual privacy list` names those that are"
                raise RejectedError(Reason.INVALID_FIELD, detail, field)
            return value
        key = self._at(moment, field)
        return pseudonym(self._secret(key, city), key.id, kind, value)

    def id_of(self, city: str, raw: bytes, moment: datetime) -> str:
        """An id for an event that has none: anybody could search a plain hash of its bytes for the plate in them."""
        secret = self._secret(self._at(moment, "$.id"), city)
        return hmac.new(secret, b"ahual id " + raw, hashlib.sha256).hexdigest()

    def _at(self, moment: datetime, field: str) -> HashKey:
        key = next((key for key in reversed(self._keys) if key.valid_from <= moment), None)
        if key is None or key.secret is None:
            detail = (
                "it identifies a person, and the key for its time was destroyed"
                if key
                else "it identifies a person, and this gateway has no keys to hash it: `ahual privacy init`"
            )
            raise RejectedError(Reason.NO_HASH_KEY, detail, field)
        return key

    def _secret(self, key: HashKey, city: str) -> bytes:
        found = self._secrets.get((key.id, city))
        if found is None:
            if key.secret is None:
                raise KeyError(key.id)
            found = self._secrets[key.id, city] = city_secret(key.secret, city)
        return found

    def applied(self, event: Event[Any], city: str, unnamed: bytes | None = None) -> Event[Any]:
        """The event as it may leave the gateway; `unnamed`: what it is told apart by when it came without an id."""
        kinds = _fields_of(type(event.data))
        values = {f: v for f in kinds if (v := getattr(event.data, f)) is not None}
        if not values:
            return event
        since = event.data.personal_since
        moment = event.time if since is None else getattr(event.data, since)
        hashed = {f: self.of(city, kinds[f], value, moment, f"$.data.{f}") for f, value in values.items()}
        changed: dict[str, Any] = {"data": event.data.model_copy(update=hashed)}
        if unnamed is not None:
            changed["id"] = self.id_of(city, unnamed, moment)
        return event.model_copy(update=changed)

    async def keep_fresh(self, path: Path, every_s: float = REFRESH_S) -> None:
        """Read the file again when it changes, until cancelled; one that cannot be read leaves the keys that are there.

        What is wrong is logged once.
        """
        seen, broken = _stamp(path), False
        while True:
            await asyncio.sleep(every_s)
            stamp = _stamp(path)
            if stamp == seen and not broken:
                continue
            try:
                self.adopt(HashKeys.read(path))
                broken = False
            except KeyFileError as error:
                if not broken:
                    log.error("hash keys not read again", extra={"reason": str(error)})
                broken = True
            seen = stamp


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_ino)
