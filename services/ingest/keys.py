"""API keys of departmental systems: 32 random bytes, shown once, kept as SHA-256, bound to a city and a system."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.identity import Identity
from schemas.tables import api_key
from services.runtime.database import DATABASE_ERRORS

log = logging.getLogger(__name__)
PREFIX: Final = "ahual"
SECRET_BYTES: Final = 32


class NewKey(NamedTuple):
    """A key as it is made: `text` is for its owner, once; the other two are stored."""

    id: str
    text: str
    sha256: bytes


def new_key() -> NewKey:
    """A fresh key `ahual.{id}.{secret}`."""
    key_id = secrets.token_hex(6)
    text = f"{PREFIX}.{key_id}.{secrets.token_urlsafe(SECRET_BYTES)}"
    return NewKey(key_id, text, digest(text))


def digest(text: str) -> bytes:
    """What is stored of a key: a slow hash would protect nothing, 256 random bits cannot be guessed."""
    return hashlib.sha256(text.encode()).digest()


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A department's key as the database has it."""

    sha256: bytes
    department: Identity
    revoked: bool
    expires_at: datetime | None = None

    def ended(self, now: datetime) -> bool:
        """Whether it was revoked, or replaced and its overlap is over."""
        return self.revoked or (self.expires_at is not None and self.expires_at <= now)


class KeyRing:
    """The keys in memory, read again every few seconds, so that a database outage does not stop the intake."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._keys: Mapping[str, StoredKey] = {}
        self._used: dict[str, datetime] = {}
        self.loaded = False
        """Whether the keys have been read at least once."""

    def find(self, text: str) -> StoredKey | None:
        """The stored key this text is, revoked or not; None when it is none."""
        prefix, _, rest = text.partition(".")
        stored = self._keys.get(rest.partition(".")[0]) if prefix == PREFIX else None
        return stored if stored and hmac.compare_digest(stored.sha256, digest(text)) else None

    def use(self, text: str, now: datetime) -> StoredKey | None:
        """`find` for a request; the moment is written down with the next refresh, to the minute."""
        stored = self.find(text)
        if stored:
            self._used[text.split(".")[1]] = now.replace(second=0, microsecond=0)
        return stored

    async def refresh(self) -> None:
        """Read all keys, and write when which was used."""
        used, self._used = self._used, {}
        async with self._engine.begin() as connection:
            rows = (await connection.execute(sa.select(api_key))).all()
            before = {row.id: row.last_used_at for row in rows}
            for key_id, moment in used.items():
                if before.get(key_id) is None or before[key_id] < moment:
                    last = sa.update(api_key).where(api_key.c.id == key_id).values(last_used_at=moment)
                    await connection.execute(last)
        self._keys = {
            row.id: StoredKey(
                row.sha256,
                Identity(row.city, row.system, row.department),
                revoked=row.revoked_at is not None,
                expires_at=row.expires_at,
            )
            for row in rows
        }
        self.loaded = True

    async def keep_fresh(self, every_s: float) -> None:
        """Refresh until cancelled; an outage is logged once and keeps the keys that are there."""
        away = False
        while True:
            try:
                await self.refresh()
                away = False
            except DATABASE_ERRORS as error:
                if not away:
                    log.warning("API keys not refreshed", extra={"reason": repr(error)})
                away = True
            await asyncio.sleep(every_s)
