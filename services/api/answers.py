"""SDU's answers beside our figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa

from schemas.catalogue import Text
from schemas.official import Label, SduAnswer, label_of
from services.api.language import in_language
from services.api.state import State
from services.runtime.messages import LANGUAGES, Language, text

# A KPI's periods have names that sort as their times do. Ours is found from the newest end backwards.
_ANSWERS: Final = """
    SELECT a.kpi, a.name, a.status, a.value, a.answered_at, a.reference, c.value AS ours, c.parts, c.revision
    FROM (
      SELECT DISTINCT ON ({once}) * FROM sdu_answer WHERE city = :city {where}
      ORDER BY kpi, period, name DESC, answered_at DESC
    ) a
    LEFT JOIN LATERAL (
      SELECT value, parts, revision FROM closed_period c
      WHERE c.city = :city AND c.kpi = a.kpi AND c.period = a.period AND c.name = a.name
      ORDER BY c."end" DESC, c.revision DESC LIMIT 1
    ) c ON true
"""
_NEWEST: Final = sa.text(_ANSWERS.format(once="kpi, period", where=""))
_OF_KPI: Final = sa.text(_ANSWERS.format(once="kpi, period, name", where="AND kpi = :kpi"))


async def newest(state: State, city: str, lang: Language | None = None) -> dict[str, SduAnswer]:
    """By KPI: the answer on the newest period that has one."""
    async with state.engine.connect() as connection:
        rows = (await connection.execute(_NEWEST, {"city": city})).mappings().all()
    return {row["kpi"]: _answer(row, lang) for row in rows}


async def by_period(state: State, city: str, kpi: str) -> dict[str, SduAnswer]:
    """By name of the period: the newest answer on each."""
    async with state.engine.connect() as connection:
        rows = (await connection.execute(_OF_KPI, {"city": city, "kpi": kpi})).mappings().all()
    return {row["name"]: _answer(row, None) for row in rows}


def answered(snapshot: Mapping[str, Any], answers: Mapping[str, SduAnswer]) -> dict[str, Any] | None:
    """A closed snapshot with SDU's answers on its periods; None where there are none. Pure."""
    kpis = snapshot["kpis"]
    own = {code: one for code, one in answers.items() if code in kpis and kpis[code].get("name") == one.name}
    if not own:
        return None
    counting = [code for code, kpi in kpis.items() if kpi["value"] is not None]
    whole = all(code in own and own[code].label == "confirmed_by_sdu" for code in counting)
    label: Label = "confirmed_by_sdu" if whole else "operational_estimate"
    return {**snapshot, "label": label, "answers": {code: one.model_dump(mode="json") for code, one in own.items()}}


def label_name(label: Label, lang: Language | None = None) -> Text | str:
    """What a label is called."""
    names = {one: text(f"api.label_{label}", one) for one in LANGUAGES}
    found: Text | str = in_language(names, lang) if lang else Text.model_validate(names)
    return found


def _answer(row: Any, lang: Language | None) -> SduAnswer:
    ours = row["ours"] if row["parts"] is None else row["parts"]
    label = label_of(row["status"], row["value"], ours)
    return SduAnswer(
        name=row["name"],
        status=row["status"],
        value=row["value"],
        ours=ours,
        revision=row["revision"],
        difference=row["value"] - ours if isinstance(ours, (int, float)) else None,
        answered_at=row["answered_at"],
        reference=row["reference"],
        label=label,
        label_name=label_name(label, lang),
    )
