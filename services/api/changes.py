"""What changed between two snapshots of one city. Pure."""

from __future__ import annotations

from typing import Any, Final

Json = dict[str, Any]
_HEADER: Final = ("city", "category", "label", "catalogue", "additional")
_FIGURES: Final = ("computed_at", "index", "lower", "upper", "coverage", "total", "rating")


def change(before: Json, after: Json) -> Json | None:
    """The fields of a ChangeMessage, without type and server time; None where only a whole snapshot will do."""
    if after["revision"] <= before["revision"] or _reshaped(before, after):
        return None
    return {
        "revision": after["revision"],
        "previous": before["revision"],
        **{name: after[name] for name in _FIGURES},
        "sections": _changed(before["sections"], after["sections"]),
        "kpis": {
            code: state for code, state in after["kpis"].items() if _settled(state) != _settled(before["kpis"][code])
        },
    }


def _reshaped(before: Json, after: Json) -> bool:
    return (
        any(before.get(name) != after.get(name) for name in _HEADER)
        or before["kpis"].keys() != after["kpis"].keys()
        or before["sections"].keys() != after["sections"].keys()
    )


def _changed(before: Json, after: Json) -> Json:
    return {key: value for key, value in after.items() if before[key] != value}


def _settled(state: Json) -> Json:
    """A KPI's state without its window, which moves with every computation."""
    return {name: value for name, value in state.items() if name != "window"}
