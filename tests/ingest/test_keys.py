"""Keys: random, recognised by their hash, refused once revoked."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.identity import Identity
from services.cli.ingest import add_key, list_keys, revoke_key
from services.ingest.keys import KeyRing, digest, new_key

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
