"""Who may do what in the database: one role per service, as data. `ahual migrate` grants it.

A table that nobody lists here is the engine's: the scorer's to write, the API's to read. Tables with secrets and with
what people wrote are listed, so that no default reaches them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from schemas import tables

Role = Literal["ahual_ingest", "ahual_scorer", "ahual_api", "ahual_export", "ahual_notify", "ahual_broker"]
WRITE: Final = "SELECT, INSERT, UPDATE, DELETE"
LETTER: Final = ", ".join(column.name for column in tables.dead_letter.c if column.name != "payload")

LISTED: Final[Mapping[str, Mapping[Role, str]]] = {
    "alembic_version": {"ahual_ingest": "SELECT", "ahual_scorer": "SELECT", "ahual_api": "SELECT"},
    "access_change": {},
    "api_key": {"ahual_ingest": "SELECT, UPDATE (last_used_at)"},
    "archive_day": {"ahual_scorer": WRITE, "ahual_api": "SELECT", "ahual_export": "SELECT"},
    "archive_file": {"ahual_scorer": WRITE, "ahual_api": "SELECT", "ahual_export": "SELECT"},
    "city_reader": {},
    "city": {"ahual_ingest": "SELECT", "ahual_scorer": "SELECT", "ahual_api": "SELECT", "ahual_export": "SELECT"},
    "audit_entry": {"ahual_api": "SELECT, INSERT"},
    "city_feature": {"ahual_api": "SELECT"},
    "closed_period": {"ahual_scorer": WRITE, "ahual_api": "SELECT", "ahual_export": "SELECT"},
    "dead_letter": {"ahual_scorer": WRITE, "ahual_api": f"SELECT ({LETTER})"},
    "complete_total": {"ahual_ingest": "SELECT", "ahual_api": "SELECT"},
    "delivery": {"ahual_export": "SELECT, INSERT, UPDATE", "ahual_api": "SELECT"},
    "delivery_progress": {"ahual_export": "SELECT, INSERT, UPDATE"},
    "delivery_sent": {"ahual_export": "SELECT, INSERT, UPDATE", "ahual_api": "SELECT"},
    "device": {"ahual_broker": "SELECT"},
    "ledger_batch_department": {"ahual_scorer": WRITE, "ahual_export": "SELECT"},
    "ledger_batch_telemetry": {"ahual_scorer": WRITE, "ahual_export": "SELECT"},
    "ledger_department": {"ahual_scorer": WRITE},
    "ledger_floor": {"ahual_scorer": WRITE, "ahual_api": "SELECT", "ahual_export": "SELECT"},
    "ledger_telemetry": {"ahual_scorer": WRITE},
    "registered_device": {"ahual_ingest": "SELECT", "ahual_api": "SELECT", "ahual_broker": "SELECT"},
    "registered_object": {"ahual_ingest": "SELECT", "ahual_api": "SELECT"},
    "reported_total": {"ahual_ingest": "SELECT, INSERT"},
    "source_limit": {},
    "notice": {"ahual_api": "SELECT", "ahual_notify": "SELECT, INSERT, UPDATE"},
    "notice_state": {"ahual_api": "SELECT", "ahual_notify": WRITE},
    "v_city": {"ahual_api": "SELECT", "ahual_notify": "SELECT"},
    "v_cityscore_live": {"ahual_notify": "SELECT"},
    "v_export_overdue": {"ahual_api": "SELECT", "ahual_notify": "SELECT"},
    "v_kpi_live": {"ahual_notify": "SELECT"},
    "v_ledger": {"ahual_notify": "SELECT"},
    "v_sources": {"ahual_notify": "SELECT"},
    "user_account": {"ahual_api": "SELECT, UPDATE (subject)"},
    "user_role": {"ahual_api": "SELECT"},
    "user_session": {"ahual_api": "SELECT, INSERT, DELETE"},
    "sdu_answer": {"ahual_export": "SELECT, INSERT", "ahual_api": "SELECT"},
}
"""The rights of each role on each table that is not simply the engine's."""
VIEWS: Final = (
    *("v_city", "v_section", "v_kpi", "v_cityscore", "v_cityscore_live", "v_section_live", "v_kpi_live"),
    *("v_kpi_series", "v_kpi_history", "v_latency", "v_ledger", "v_ledger_floor", "v_activity", "v_dead_letters"),
    *("v_sources", "v_devices", "v_deliveries", "v_export_overdue"),
)
"""The stable views of docs/grafana.md, for readers; a service has rights only on those that `LISTED` names."""
UNLISTED: Final[Mapping[Role, str]] = {"ahual_scorer": WRITE, "ahual_api": "SELECT"}
ROLES: Final[Sequence[Role]] = (
    "ahual_ingest",
    "ahual_scorer",
    "ahual_api",
    "ahual_export",
    "ahual_notify",
    "ahual_broker",
)


def grants(names: Sequence[str], roles: Sequence[Role] = ROLES) -> list[str]:
    """The statements that give each of these roles its rights on these tables and takes every other right away."""
    statements = [f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}" for role in roles]
    statements += [f"GRANT USAGE ON SCHEMA public TO {role}" for role in roles]
    for name in names:
        for role, rights in LISTED.get(name, {} if name in VIEWS else UNLISTED).items():
            if role in roles:
                statements.append(f'GRANT {rights} ON "{name}" TO {role}')
    if "ahual_scorer" not in roles:
        return statements
    return [
        *statements,
        f"GRANT USAGE, SELECT ON SEQUENCE {tables.ledger_batch_id.name} TO ahual_scorer",
        "GRANT USAGE ON SCHEMA ahual TO ahual_scorer",
        "GRANT EXECUTE ON FUNCTION ahual.drop_chunks TO ahual_scorer",
    ]
