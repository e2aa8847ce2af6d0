"""What a verification prints."""

from __future__ import annotations

from collections.abc import Sequence

from simulators import score
from simulators.truths import TRUTHS
from tests.verify.trial import Report

HEAD = (
    "| city | faults | events | distinct | stored | KPIs live | KPIs closed | index live | index closed "
    "| dead letters | unexplained | differences | told, s | agreed, s |\n" + "|---" * 14 + "|"
)


def row(report: Report) -> str:
    """A line of the table of cities."""
    live, closed, letters = report.live, report.closed, report.letters
    category = report.wanted.city.category.value
    asked = len(score.criteria(category))
    cells = (
        f"{report.wanted.city.names['en']} ({category})",
        "all" if report.wanted.faults.any else "none",
        f"{report.delivered.count:,}",
        f"{report.distinct:,}",
        f"{report.stored:,}",
        f"{sum(one.value is not None for one in live.kpis.values()) if live else 0} of {asked}",
        f"{sum(one.value is not None for one in closed.kpis.values()) if closed else 0} of {asked}",
        f"{live.index:.6f}" if live and live.index is not None else "—",
        f"{closed.index:.6f}" if closed and closed.index is not None else "—",
        f"{letters.found}" if letters else "—",
        f"{len(letters.unexplained)}" if letters else "—",
        f"{len(report.differences)}",
        f"{report.told_s:.0f}",
        f"{report.agreed_s:.0f}",
    )
    return "| " + " | ".join(cells) + " |"


def crowd(report: Report) -> str:
    """How a load went."""
    wanted, sent = report.wanted, report.sent
    lines = ["| systems | connections | wanted, msg/s | sent | acknowledged | took, s | msg/s | right after, s |"]
    lines.append("|---" * 8 + "|")
    connections = len(wanted.systems) * wanted.devices
    rate = sent.acknowledged / sent.took_s if sent.took_s else 0.0
    lines.append(
        f"| {len(wanted.systems)} | {connections:,} | {wanted.rate:,.0f} | {sent.sent:,} | {sent.acknowledged:,} "
        f"| {sent.took_s:.1f} | {rate:,.0f} | {report.agreed_s:.0f} |"
    )
    return "\n".join(lines)


def differences(report: Report) -> str:
    """Everything that is not as it must be."""
    lines = [f"  {one.kpi}: {one.what} must be {one.expected}, is {one.found}" for one in report.differences]
    if report.stored != report.distinct:
        lines.append(f"  {report.distinct} distinct events were acknowledged, {report.stored} are stored")
    if report.letters:
        lines += [f"  dead letter: {one}" for one in report.letters.unexplained[:20]]
    return "\n".join(lines)


def figures(report: Report) -> str:
    """Every KPI with its numerator, denominator and value, as they were found and are right."""
    lines = ["| KPI | live: numerator | denominator | value | closed: numerator | denominator | value | truth |"]
    lines.append("|---" * 8 + "|")
    for code in score.criteria(report.wanted.city.category.value):
        cells = []
        for snapshot in (report.live, report.closed):
            state = snapshot.kpis.get(code) if snapshot else None
            cells += [str(state.numerator), str(state.denominator), str(state.value)] if state else ["—"] * 3
        cells.append("yes" if code in TRUTHS else "1.1" if code == "1.1" else "no")
        lines.append(f"| {code} | {' | '.join(cells)} |")
    return "\n".join(lines)


def letters(reports: Sequence[Report]) -> str:
    """How many dead letters of which reason, all of them explained."""
    lines = ["| city | reason | dead letters |", "|---|---|---|"]
    for report in reports:
        for reason, count in sorted((report.letters.reasons if report.letters else {}).items()):
            lines.append(f"| {report.wanted.city.names['en']} | {reason} | {count} |")
    return "\n".join(lines)
