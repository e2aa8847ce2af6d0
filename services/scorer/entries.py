"""Dated entries in the database: inventories and reference bases, each with the key of the event that stated it."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from services.scorer.types import Entries

_MOMENTS: Final = ARRAY(sa.DateTime(timezone=True))
_TYPES: Final[dict[str, sa.types.TypeEngine[Any]]] = {
    "city": ARRAY(sa.Text()),
    "kpi": ARRAY(sa.Text()),
    "component": ARRAY(sa.Text()),
    "base": ARRAY(sa.Boolean()),
    "district": ARRAY(sa.Text()),
    "source": ARRAY(sa.Text()),
    "at": _MOMENTS,
    "time": _MOMENTS,
    "id_hash": ARRAY(sa.BigInteger()),
    "value": ARRAY(sa.BigInteger()),
    "count": ARRAY(sa.BigInteger()),
    "until": _MOMENTS,
}
_COLUMNS: Final = ", ".join(f'"{name}"' for name in _TYPES)
_KEY: Final = ", ".join(f'"{name}"' for name in list(_TYPES)[:9])
_ADD: Final = sa.text(f"""
    INSERT INTO entry ({_COLUMNS}, partition)
    SELECT {_COLUMNS}, :partition FROM unnest({", ".join(f":{name}" for name in _TYPES)}) AS added({_COLUMNS})
    ON CONFLICT ({_KEY}, partition) DO UPDATE
    SET value = entry.value + excluded.value, count = entry.count + excluded.count
""").bindparams(  # noqa: S608  # our own column names
    *(sa.bindparam(name, type_=kind) for name, kind in _TYPES.items())
)


async def add(connection: AsyncConnection, entries: Entries, partition: int) -> None:
    """Add the entries of a batch, in key order."""
    if entries:
        columns = zip(*((*key, *entry) for key, entry in sorted(entries.items())), strict=True)
        await connection.execute(_ADD, {"partition": partition, **dict(zip(_TYPES, map(list, columns), strict=True))})
