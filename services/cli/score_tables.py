"""Scores and catalogue as tables for a terminal, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.table import Table

from schemas.catalogue import Catalogue, Category, Kpi, SectionCode, Target, Text
from schemas.units import UNITS
from services.cityscore.attainment import Value
from services.cityscore.boston import SPANS, BostonView
from services.cityscore.explain import Explanation
from services.cityscore.ranking import Place
from services.cityscore.result import Score
from services.cityscore.waterfall import Waterfall
from services.cli.coverage import Covered
from services.runtime.messages import Language, text


class Tables:
    """Builds tables in one language, with the names of one catalogue."""

    def __init__(self, catalogue: Catalogue, language: Language) -> None:
        self._language = language
        self._method = catalogue.methodology
        self._initiatives = catalogue.initiatives
        self._kpis = {kpi.code: kpi for initiative in catalogue.initiatives for kpi in initiative.kpis}

    def catalogue(self) -> Table:
        """All KPIs with their targets."""
        table = self._table("code", "kpi", "unit", "period", "weight", *(f"category_{c.value}" for c in Category))
        for kpi in self._kpis.values():
            period = self._say(f"period_{kpi.period.value}")
            targets = (self._target(kpi.targets.of(category)) for category in Category)
            table.add_row(kpi.code, self._name(kpi.name), self._unit(kpi), period, str(kpi.weight), *targets)
        return table

    def coverage(self, rows: Sequence[Covered]) -> tuple[Table, str]:
        """What stands behind every KPI, and of how many all of it."""
        table = self._table("code", "kpi", "events", "simulators", "truth")
        for row in rows:
            events = ", ".join(name.removeprefix("kz.ahual.").removesuffix(".v1") for name in row.events)
            table.add_row(row.code, self._kpi(row.code), events, ", ".join(row.systems), "✓" if row.truth else "")
        complete = sum(row.complete for row in rows)
        return table, text("cityscore.covered", self._language, complete=complete, all=len(rows))

    def summary(self, score: Score) -> Table:
        """Index, bounds, total and rating; nothing rounded."""
        table = self._table("figure", "value")
        figures = {
            "index": score.index,
            "lower": score.lower,
            "upper": score.upper,
            "coverage": score.coverage,
            "total": score.total,
        }
        for key, figure in figures.items():
            table.add_row(self._say(key), _or_dash(figure))
        table.add_row(self._say("rating"), self._rating(score.rating))
        return table

    def sections(self, score: Score) -> Table:
        """The five sections."""
        table = self._table("section", "weight", "section_score", "points")
        for code, section in score.sections.items():
            row = (str(section.weight), _short(section.score), _short(section.points))
            table.add_row(self._section(code), *row)
        return table

    def kpis(self, score: Score) -> Table:
        """Every KPI of the city."""
        table = self._table("code", "kpi", "value", "unit", "attainment", "weight", "points")
        for code, kpi in score.kpis.items():
            row = (_value(kpi.value), self._unit_of(code), _short(kpi.attainment), str(kpi.weight), _short(kpi.points))
            table.add_row(code, self._kpi(code), *row)
        return table

    def explanation(self, explanation: Explanation) -> Table:
        """The KPIs that would close the gap to the next band, or that gain most in the highest band."""
        table = self._table("code", "kpi", "section", "points", "gain", title=self._gap(explanation))
        for kpi in explanation.gap.kpis if explanation.gap else explanation.kpis[:10]:
            row = (self._kpi(kpi.code), self._section(kpi.section), _short(kpi.points), _short(kpi.gain))
            table.add_row(kpi.code, *row)
        return table

    def waterfall(self, waterfall: Waterfall) -> Table:
        """Every step, with the total it leads to."""
        table = self._table("code", "kpi", "section", "cause", "points", "total")
        table.add_row("", self._say("start"), "", "", "", _short(waterfall.start))
        for step in waterfall.steps:
            section = self._section(step.section) if step.section else ""
            name = self._kpi(step.code) if step.code else ""
            cause = self._say(f"cause_{step.cause}")
            table.add_row(step.code or "", name, section, cause, f"{step.points:+.4f}", _short(step.end))
        return table

    def ranking(self, category: Category, places: Sequence[Place]) -> Table:
        """One category's cities."""
        title = self._name(self._method.categories[category])
        table = self._table("rank", "city", "total", "index", "coverage", "rating", title=title)
        for place in places:
            score = place.score
            row = (_or_dash(score.total), _or_dash(score.index), _short(score.coverage), self._rating(score.rating))
            table.add_row(str(place.rank or "–"), place.city, *row)
        return table

    def boston(self, view: BostonView) -> Table:
        """Ratios to target; the city's mean first."""
        table = self._table("code", "kpi", *(f"span_{span}" for span in SPANS))
        table.add_row("", self._say("city"), *(_short(view.city[span]) for span in SPANS))
        for code, ratios in view.kpis.items():
            if any(ratio is not None for ratio in ratios.values()):
                table.add_row(code, self._kpi(code), *(_short(ratios[span]) for span in SPANS))
        return table

    def _gap(self, explanation: Explanation) -> str:
        gap = explanation.gap
        if gap is None:
            return self._say("no_gap")
        return self._say("gap", points=_short(gap.points), rating=self._rating(gap.rating))

    def _table(self, *columns: str, title: str | None = None) -> Table:
        table = Table(title=title)
        for column in columns:
            table.add_column(self._say(column), overflow="fold")
        return table

    def _say(self, key: str, **params: object) -> str:
        return text(f"cityscore.{key}", self._language, **params)

    def _name(self, name: Text) -> str:
        return str(getattr(name, self._language))

    def _kpi(self, code: str) -> str:
        return self._name(self._kpis[code].name) if code in self._kpis else ""

    def _section(self, code: SectionCode) -> str:
        return self._name(self._method.sections[code].name)

    def _rating(self, rating: str | None) -> str:
        return next((self._name(band.name) for code, band in self._method.bands.items() if code == rating), "–")

    def _unit(self, kpi: Kpi) -> str:
        return UNITS[kpi.unit][self._language]

    def _unit_of(self, code: str) -> str:
        return self._unit(self._kpis[code]) if code in self._kpis else ""

    def _target(self, target: Target | None) -> str:
        if target is None:
            return "–"
        match target.op:
            case ">=" | "<=":
                return f"{'≥' if target.op == '>=' else '≤'} {target.value:g}"
            case "between":
                return f"{target.low:g}–{target.high:g}"
            case "decrease" | "increase":
                return f"{'−' if target.op == 'decrease' else '+'}{target.value:g}"
            case "no_worse":
                return self._say(f"no_worse_{target.direction}")
            case "each_at_most":
                return ", ".join(f"{self._say(f'part_{part}')} ≤ {hours:g}" for part, hours in target.value)


def _or_dash(figure: float | None) -> str:
    return "–" if figure is None else str(figure)


def _short(figure: float | None) -> str:
    return "–" if figure is None else f"{figure:.4f}"


def _value(value: Value | None) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{part} {hours:g}" for part, hours in value.items())
    return "–" if value is None else f"{value:g}"
