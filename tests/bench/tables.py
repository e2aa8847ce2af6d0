"""Markdown tables, and the figures in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tests.bench.processes import Usage


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A heading and a table, with an empty line after it."""
    lines = [f"### {title}", "", _line(columns), "|" + "---|" * len(columns), *map(_line, rows), ""]
    return "\n".join(lines)


def usage_table(usage: Usage) -> Iterable[str]:
    """CPU and memory of every process, below another table."""
    yield from ("", "| process | CPU, cores | memory, MiB |", "|---|---|---|")
    for name in sorted(usage.cpu):
        yield f"| {name} | {usage.cpu[name]:.2f} | {usage.memory[name]:.0f} |"


def percentile(values: Sequence[float], share: float) -> float:
    """Of sorted values; nan without any."""
    return values[min(len(values) - 1, int(share * len(values)))] if values else float("nan")


def _line(cells: Sequence[object]) -> str:
    return "| " + " | ".join(map(_text, cells)) + " |"


def _text(cell: object) -> str:
    if isinstance(cell, int):
        return f"{cell:,}"
    return f"{cell:,.2f}" if isinstance(cell, float) else str(cell)
