"""Keys: random, recognised by their hash, refused once revoked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.stack import Stack
from schemas.identity import Identity
from schemas.tables import access_change
from services.cli.key import add_key, list_keys, revoke_key, rotate_key
from services.ingest.keys import KeyRing, digest, new_key
from services.runtime.clock import utc_now
from services.runtime.database import open_database

OWNER = Identity("karaganda", "contact-centre", "109")


def test_a_key_is_random_and_only_its_hash_is_kept() -> None:
    first, second = new_key(), new_key()
    assert first.text != second.text
    assert first.id in first.text
    assert first.sha256 == digest(first.text)
    assert len(first.text.rsplit(".", 1)[1]) >= 43, "32 bytes in base64"


async def test_a_key_ring_finds_stored_keys_and_knows_the_revoked(database: AsyncEngine) -> None:
    made = await add_key(database, OWNER)
    assert made is not None
    ring = KeyRing(database)
    assert not ring.loaded
    await ring.refresh()
    stored = ring.find(made.text)
    assert stored is not None
    assert (stored.department, stored.revoked) == (OWNER, False)
    for wrong in ("", made.text[:-1], made.text + "x", f"ahual.{made.id}.", f"other.{made.id}.x", "ahual"):
        assert ring.find(wrong) is None, wrong
    assert await revoke_key(database, made.id)
    await ring.refresh()
    revoked = ring.find(made.text)
    assert revoked is not None
    assert revoked.revoked
    assert [row["owner"] for row in await list_keys(database)] == [str(OWNER)]
    assert not await revoke_key(database, "unknown")


async def test_a_key_of_an_unknown_city_is_not_made(database: AsyncEngine) -> None:
    assert await add_key(database, Identity("atlantis", "contact-centre", "109")) is None


async def test_a_rotated_key_is_good_until_its_overlap_ends(database: AsyncEngine) -> None:
    made = await add_key(database, OWNER)
    assert made
    rotated = await rotate_key(database, made.id, timedelta(hours=24))
    assert rotated
    fresh, owner = rotated
    assert owner == OWNER
    ring = KeyRing(database)
    await ring.refresh()
    old, new = ring.find(made.text), ring.find(fresh.text)
    assert old
    assert new
    now = utc_now()
    assert not old.ended(now + timedelta(hours=23))
    assert old.ended(now + timedelta(hours=25))
    assert not new.ended(now + timedelta(days=3650))
    await rotate_key(database, made.id, timedelta(hours=48))
    await ring.refresh()
    again = ring.find(made.text)
    assert again
    assert again.ended(now + timedelta(hours=25)), "rotating twice does not lengthen its life"
    await rotate_key(database, fresh.id, timedelta(0))
    assert await rotate_key(database, fresh.id, timedelta(0)) is None, "it has ended"


async def test_the_last_use_is_written_down(database: AsyncEngine, stack: Stack) -> None:
    """With the intake's own account, which may write nothing else."""
    made = await add_key(database, OWNER)
    assert made
    engine = open_database(SecretStr(stack.database_url("ahual_ingest")), pool_size=1)
    ring = KeyRing(engine)
    await ring.refresh()
    moment = datetime(2026, 3, 10, 12, 34, 56, tzinfo=UTC)
    assert ring.use(made.text, moment)
    assert ring.use(made.text + "x", moment) is None
    await ring.refresh()
    await engine.dispose()
    (row,) = await list_keys(database)
    assert row["last_used_at"] == moment.replace(second=0)


async def test_changes_of_keys_are_on_record(database: AsyncEngine) -> None:
    made = await add_key(database, OWNER)
    assert made
    await revoke_key(database, made.id)
    async with database.connect() as connection:
        rows = (await connection.execute(sa.select(access_change).order_by(access_change.c.id))).all()
    assert [(row.action, row.subject) for row in rows] == [("add", f"key {made.id}"), ("revoke", f"key {made.id}")]
