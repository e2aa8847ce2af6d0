"""Who may do what in the database: one role per service, as data. `ahual migrate` grants it.

A table that nobody lists here is the engine's: the scorer's to write, the API's to read. Tables with secrets and with
what people wrote are listed, so that no default reaches them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from schemas import tables

Role = Literal["ahual_ingest", "ahual_scorer", "ahual_api", "ahual_broker"]
WRITE: Final = "SELECT, INSERT, UPDATE, DELETE"
LETTER: Final = ", ".join(column.name for column in tables.dead_letter.c if column.name != "payload")

LISTED: Final[Mapping[str, Mapping[Role, str]]] = {
    "alembic_version": {"ahual_ingest": "SELECT", "ahual_scorer": "SELECT", "ahual_api": "SELECT"},
    "access_change": {},
    "api_key": {"ahual_ingest": "SELECT, UPDATE (last_used_at)"},
    "archive_file": {"ahual_scorer": WRITE, "ahual_api": "SELECT"},
    "city": {"ahual_ingest": "SELECT", "ahual_scorer": "SELECT", "ahual_api": "SELECT"},
    "dead_letter": {"ahual_scorer": WRITE, "ahual_api": f"SELECT ({LETTER})"},
    "complete_total": {"ahual_ingest": "SELECT", "ahual_api": "SELECT"},
    "device": {"ahual_broker": "SELECT"},
    "ledger_batch_department": {"ahual_scorer": WRITE},
    "ledger_batch_telemetry": {"ahual_scorer": WRITE},
    "ledger_department": {"ahual_scorer": WRITE},
    "ledger_telemetry": {"ahual_scorer": WRITE},
    "registered_device": {"ahual_ingest": "SELECT", "ahual_api": "SELECT", "ahual_broker": "SELECT"},
    "registered_object": {"ahual_ingest": "SELECT", "ahual_api": "SELECT"},
    "reported_total": {"ahual_ingest": "SELECT, INSERT"},
}
"""The rights of each role on each table that is not simply the engine's."""
UNLISTED: Final[Mapping[Role, str]] = {"ahual_scorer": WRITE, "ahual_api": "SELECT"}
ROLES: Final[Sequence[Role]] = ("ahual_ingest", "ahual_scorer", "ahual_api", "ahual_broker")


def grants(names: Sequence[str]) -> list[str]:
    """The statements that give each role its rights on these tables and takes every other right away."""
    statements = [f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}" for role in ROLES]
    statements += [f"GRANT USAGE ON SCHEMA public TO {role}" for role in ROLES]
    for name in names:
        for role, rights in LISTED.get(name, UNLISTED).items():
            statements.append(f'GRANT {rights} ON "{name}" TO {role}')
    return [
        *statements,
        f"GRANT USAGE, SELECT ON SEQUENCE {tables.ledger_batch_id.name} TO ahual_scorer",
        "GRANT USAGE ON SCHEMA ahual TO ahual_scorer",
        "GRANT EXECUTE ON FUNCTION ahual.drop_chunks TO ahual_scorer",
    ]
