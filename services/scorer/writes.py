"""Writing to several tables in one statement: one way to the database and back instead of one for each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True, eq=False)
class Write:
    """A statement that changes one table and depends on no other of the same batch.

    Its parameters are columns, a list each; in its text they are called `:{name}_{column}`. All writes share
    `:partition`.
    """

    name: str
    columns: Mapping[str, sa.types.TypeEngine[Any]]
    text: str

    def of(self, rows: Iterable[Sequence[Any]]) -> Bound:
        """This write with its rows."""
        return Bound(self, tuple(rows))


class Bound(NamedTuple):
    """A write and its rows, in the order of its columns."""

    write: Write
    rows: Sequence[Sequence[Any]]


async def together(connection: AsyncConnection, writes: Iterable[Bound], partition: int) -> None:
    """Run all writes that have rows, at once; each sees the database as it was before all of them."""
    bound = [one for one in writes if one.rows]
    if not bound:
        return
    values: dict[str, Any] = {"partition": partition}
    for write, rows in bound:
        for column, cells in zip(write.columns, zip(*rows, strict=True), strict=True):
            values[f"{write.name}_{column}"] = list(cells)
    await connection.execute(_statement(tuple(one.write for one in bound)), values)


@lru_cache(maxsize=256)
def _statement(writes: tuple[Write, ...]) -> sa.TextClause:
    text = ", ".join(f"{write.name}_written AS ({write.text})" for write in writes)
    return sa.text(f"WITH {text} SELECT").bindparams(
        sa.bindparam("partition", type_=sa.SmallInteger()),
        *(
            sa.bindparam(f"{write.name}_{column}", type_=ARRAY(kind))
            for write in writes
            for column, kind in write.columns.items()
        ),
    )
