"""The generated parts of the pages in `FILES`: `python -m tests.docs.reference`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from deploy.stack.ports import Ports
from schemas.events.reference import TotalReported
from schemas.events.registry import EVENT_TYPES
from schemas.personal import personal_fields
from schemas.quantities import CONVERSIONS, QUANTITIES, STEADY
from schemas.retention import LEDGER_KEPT
from schemas.topics import load_topics
from services.api.settings import ApiSettings
from services.cityscore.catalogue import load_catalogue
from services.export.settings import ExportSettings
from services.ingest.settings import IngestSettings, OpenerSettings
from services.notify.settings import NotifySettings
from services.probe.settings import ProbeSettings
from services.runtime.metrics import METRICS
from services.runtime.settings import DatabaseSettings, RuntimeSettings
from services.scorer.settings import ScorerSettings

DOCS: Final = Path(__file__).parents[2] / "docs"
BLOCK: Final = re.compile(r"<!-- generated: (?P<name>\w+) -->\n.*?<!-- end -->", re.DOTALL)


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    lines = [list(head)]
    lines.append(["---"] * len(lines[0]))
    lines += [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def settings(kind: type[BaseModel], base: type[BaseModel] | None = None, prefix: str = "AHUAL_") -> str:
    """A table of the settings a class adds to its base."""
    inherited = set(base.model_fields) if base else set()
    rows = (
        (f"`{prefix}{name.upper()}`", _default(field), field.description or "")
        for name, field in kind.model_fields.items()
        if name not in inherited
    )
    return table(("variable", "default", "what it is"), rows)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    default: Any = field.default
    return f"`{default}`" if str(default) and "*" not in str(default) else "empty"


def metrics() -> str:
    """A table of the closed set."""
    rows = ((f"`{name}`", m.kind, ", ".join(m.labels) or "–", m.help) for name, m in METRICS.items())
    return table(("name", "kind", "labels", "what it is"), rows)


def topics() -> str:
    """A table of the topic files."""
    rows = (
        (
            f"`{topic.name}`",
            ", ".join(topic.producers),
            ", ".join(topic.consumers),
            str(topic.partitions),
            f"{topic.retention_ms / 86_400_000:g} days",
            f"`{topic.dead_letter}`" if topic.dead_letter else "–",
            topic.description,
        )
        for topic in load_topics().values()
    )
    return table(("topic", "written by", "read by", "partitions", "retention", "dead letters", "what it holds"), rows)


def totals() -> str:
    """The named totals that measures read, and the KPIs that read them."""
    readers: dict[str, list[str]] = {}
    for kpi in (kpi for initiative in load_catalogue().initiatives for kpi in initiative.kpis):
        for term in (*kpi.measure.numerator, *kpi.measure.base):
            if term.event == TotalReported.type_name:
                (name,) = (str(condition.equals) for condition in term.where)
                readers.setdefault(name, []).append(kpi.code)
    rows = ((f"`{name}`", _unit_of(name), ", ".join(codes)) for name, codes in sorted(readers.items()))
    return table(("name", "unit", "KPIs"), rows)


def quantities() -> str:
    """A table of what telemetry may measure."""
    rows = (
        (
            f"`{code}`",
            q.name.en,
            q.unit or q.kind,
            f"{q.least:g} … {q.most:g}" if q.least is not None and q.most is not None else "–",
            "yes" if code in STEADY else "no",
        )
        for code, q in QUANTITIES.items()
    )
    return table(("quantity", "what it is", "unit", "possible", "may stay the same"), rows)


def conversions() -> str:
    """A table of the units that are converted."""
    into: dict[str, list[str]] = {}
    for conversion in CONVERSIONS.values():
        into.setdefault(conversion.to, []).append(f"`{conversion.unit}`")
    return table(("into", "from"), ((f"`{unit}`", ", ".join(found)) for unit, found in into.items()))


def _unit_of(total: str) -> str:
    return "m²" if total.endswith("_m2") else "m" if total.endswith("_m") else "number"


def kept() -> str:
    """What is kept of each event type, and why."""
    why = _readers()
    rows = (
        (
            f"`{name}`",
            data.title["en"],
            ", ".join(f"`{field}` ({kind})" for field, kind in personal_fields(data).items()) or "–",
            f"{LEDGER_KEPT[data.event_class].days} days",
            ", ".join(why.get(name, ())) or "–",
        )
        for name, data in EVENT_TYPES.items()
    )
    return table(("type", "what it states", "identifies", "kept", "why"), rows)


def _readers() -> dict[str, list[str]]:
    """The KPIs that count each event type."""
    readers: dict[str, list[str]] = {}
    for kpi in (kpi for initiative in load_catalogue().initiatives for kpi in initiative.kpis):
        parts = [part for _, part in kpi.measure.parts()]
        for event in {term.event for part in parts for term in (*part.numerator, *part.denominator, *part.base)}:
            readers.setdefault(event, []).append(kpi.code)
    return readers


BLOCKS: Final[dict[str, Callable[[], str]]] = {
    "database": lambda: settings(DatabaseSettings),
    "runtime": lambda: settings(RuntimeSettings, DatabaseSettings),
    "ingest": lambda: settings(IngestSettings, RuntimeSettings),
    "opener": lambda: settings(OpenerSettings, DatabaseSettings),
    "scorer": lambda: settings(ScorerSettings, RuntimeSettings),
    "api": lambda: settings(ApiSettings, RuntimeSettings),
    "probe": lambda: settings(ProbeSettings),
    "export": lambda: settings(ExportSettings, DatabaseSettings),
    "notify": lambda: settings(NotifySettings, DatabaseSettings),
    "ports": lambda: settings(Ports, prefix="AHUAL_PORT_"),
    "metrics": metrics,
    "topics": topics,
    "totals": totals,
    "quantities": quantities,
    "conversions": conversions,
    "kept": kept,
}
FILES: Final = ("settings.md", "metrics.md", "topics.md", "events.md", "privacy.md", "telemetry.md", "notify.md")


def regenerated(document: str) -> str:
    """The document with its generated parts as they are now; KeyError for a block nobody writes."""
    return BLOCK.sub(
        lambda found: f"<!-- generated: {found['name']} -->\n\n{BLOCKS[found['name']]()}\n\n<!-- end -->", document
    )


def main() -> None:
    for name in FILES:
        path = DOCS / name
        path.write_text(regenerated(path.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
