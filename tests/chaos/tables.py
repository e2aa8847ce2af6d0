"""What the trials found, as Markdown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import median

from tests.chaos.trial import Report

TRIALS_HEAD = (
    "| seed | faults | acknowledged | distinct | stored | duplicates | dead letters | adrift | differ | back, s |\n"
    "|---|---|---|---|---|---|---|---|---|---|"
)


def trial(seed: int, report: Report) -> str:
    """One line of the table of trials; what differs follows it."""
    account = report.account
    names = " + ".join(suffered.fault.name for suffered in report.suffered)
    counts = (
        (account.acknowledged, account.distinct, account.stored, account.redelivered, account.dead_letters)
        if account
        else ("—",) * 5
    )
    unaccounted = account.unreconciled + account.skipped if account else "—"
    back = " + ".join(_seconds(suffered.back_s) for suffered in report.suffered)
    cells = (seed, names, *counts, unaccounted, len(report.differences), back)
    line = "| " + " | ".join(map(str, cells)) + " |"
    return "\n".join([line, *_differences(report)])


def faults(report: Report) -> str:
    """A line per fault of one trial."""
    lines = ["", "| # | after, s | fault | back after, s |", "|---|---|---|---|"]
    for number, suffered in enumerate(report.suffered, 1):
        fault = suffered.fault
        lines.append(f"| {number} | {fault.after_s:.1f} | {fault.name} | {_seconds(suffered.back_s)} |")
    return "\n".join([*lines, *_differences(report)])


def by_fault(reports: Iterable[tuple[int, Report]]) -> str:
    """How long it took to be back, by what went wrong; pairs are counted apart."""
    back: dict[str, list[float]] = defaultdict(list)
    lost: dict[str, int] = defaultdict(int)
    for _, report in reports:
        alone = len(report.suffered) == 1
        for suffered in report.suffered:
            name = f"{suffered.fault.kind} {suffered.fault.target}" if alone else "two at once"
            lost[name] += not report.good
            if suffered.back_s is not None:
                back[name].append(suffered.back_s)
    lines = ["", "| fault | times | not exactly once | back, median s | back, longest s |", "|---|---|---|---|---|"]
    for name, found in sorted(back.items()):
        lines.append(f"| {name} | {len(found)} | {lost[name]} | {median(found):.1f} | {max(found):.1f} |")
    return "\n".join(lines)


def sums(reports: Sequence[Report]) -> str:
    """All trials together."""
    accounts = [report.account for report in reports if report.account]
    acknowledged = sum(a.acknowledged for a in accounts)
    distinct, stored = sum(a.distinct for a in accounts), sum(a.stored for a in accounts)
    rows = {
        "trials": len(reports),
        "exactly once, every figure right": sum(report.good for report in reports),
        "messages acknowledged (PUBACK)": acknowledged,
        "distinct events among them": distinct,
        "events in the ledger": stored,
        "lost": sum(max(0, a.distinct - a.stored) for a in accounts),
        "counted twice": sum(max(0, a.stored - a.distinct) for a in accounts),
        "duplicates recognised": sum(a.redelivered for a in accounts),
        "offsets unaccounted for or skipped": sum(abs(a.unreconciled) + a.skipped for a in accounts),
        "dead letters": sum(a.dead_letters for a in accounts),
        "figures that differ from the truth": sum(len(report.differences) for report in reports),
    }
    lines = ["", "| what | number |", "|---|---|", *(f"| {name} | {number} |" for name, number in rows.items())]
    return "\n".join([*lines, "", "exactly once: " + ("yes" if all(r.good for r in reports) else "NO")])


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.1f}"


def _differences(report: Report) -> list[str]:
    return [f"- {d.kpi} {d.what}: truth {d.expected}, found {d.found}" for d in report.differences]
