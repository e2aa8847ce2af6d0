"""The keys that turn what identifies a person into a pseudonym: each holds from a moment on, and is destroyed one day.

An event's own time chooses the key, so the same event has the same canonical content whenever it is delivered. That
holds only if every gateway knows a key before it comes into force: hence `LEAD`.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from schemas.dead_letter import Base64
from schemas.personal import KEY_ID
from services.ingest.errors import KeyFileError

SECRET_BYTES: Final = 32
LEAD: Final = timedelta(hours=1)
"""How long before it comes into force a new key must exist: gateways read the file every few seconds."""
BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)

State = Literal["coming", "in_force", "past", "destroyed"]


class HashKey(BaseModel):
    """A key and from when on it holds. Without `secret` it was destroyed: its hashes can be made by nobody any more."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, Field(pattern=f"^{KEY_ID}$")]
    valid_from: AwareDatetime
    secret: Annotated[Base64, Field(min_length=SECRET_BYTES, max_length=SECRET_BYTES)] | None = None
    destroyed_at: AwareDatetime | None = None


class HashKeys(BaseModel):
    """The key file: JSON, readable by the gateway's account only."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    keys: tuple[HashKey, ...] = ()
    """By `valid_from`."""

    @classmethod
    def read(cls, path: Path) -> HashKeys:
        """The file's keys; KeyFileError says in one sentence what is wrong with it, and never what is in it."""
        try:
            found = cls.model_validate_json(path.read_bytes())
        except OSError as error:
            raise KeyFileError(f"{path}: {error.strerror}") from None
        except ValidationError as error:
            first = error.errors(include_input=False, include_context=False, include_url=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            raise KeyFileError(f"{path}: {place} {first['msg']}") from None
        moments = [key.valid_from for key in found.keys]
        if moments != sorted(set(moments)) or len({key.id for key in found.keys}) < len(found.keys):
            raise KeyFileError(f"{path}: each key has an id of its own and begins after the one before it")
        return found

    def with_new(self, now: datetime, valid_from: datetime | None = None) -> HashKeys:
        """One more key; the very first one holds for all times before it too. ValueError when it begins too early."""
        begin = valid_from or now + timedelta(days=1) if self.keys else BEGINNING
        if self.keys and begin < now + LEAD:
            raise ValueError("too_soon")
        if self.keys and begin <= self.keys[-1].valid_from:
            raise ValueError("not_last")
        made = HashKey(id=secrets.token_hex(4), valid_from=begin, secret=secrets.token_bytes(SECRET_BYTES))
        return HashKeys(keys=(*self.keys, made))

    def destroyed(self, now: datetime, kept: timedelta) -> HashKeys:
        """Without the secrets of keys whose time ended longer ago than that."""
        ends = [key.valid_from for key in self.keys[1:]] + [datetime.max.replace(tzinfo=UTC)]
        return HashKeys(
            keys=tuple(
                HashKey(id=key.id, valid_from=key.valid_from, destroyed_at=now)
                if key.secret and end < now - kept
                else key
                for key, end in zip(self.keys, ends, strict=True)
            )
        )

    def state(self, key: HashKey, now: datetime) -> State:
        """What a key is good for now."""
        if key.secret is None:
            return "destroyed"
        if key.valid_from > now:
            return "coming"
        newer = (other for other in self.keys if key.valid_from < other.valid_from <= now)
        return "past" if any(newer) else "in_force"
