"""`ahual catalogue`, `score`, `explain`, `rank` and `boston`: the methodology on the command line."""

# No `from __future__ import annotations`: typer must see the options, which are made when the language is known.

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console, RenderableType

from schemas.catalogue import Catalogue, Category, Initiative, Kpi, Target
from services.cityscore.boston import boston
from services.cityscore.catalogue import load_catalogue
from services.cityscore.errors import CatalogueError, InputError
from services.cityscore.explain import explain
from services.cityscore.index import score
from services.cityscore.policy import Levels, Missing, Policy, Stages
from services.cityscore.ranking import rank
from services.cityscore.rubric import Rubric
from services.cityscore.waterfall import waterfall
from services.cli.coverage import coverage
from services.cli.score_files import read_cities, read_object, read_score, read_spans
from services.cli.score_tables import Tables
from services.runtime.messages import LANGUAGES, Language, language, text


def register(app: typer.Typer) -> None:
    """Add the commands, with help in the language of `AHUAL_LANG`."""
    as_json = typer.Option("--json", help=text("cityscore.help_json"))
    lang_option = typer.Option("--lang", help=text("cityscore.help_lang"))
    missing_option = typer.Option("--missing", help=text("cityscore.help_missing"))
    levels_option = typer.Option("--levels", help=text("cityscore.help_levels"))
    stages_option = typer.Option("--stages", help=text("cityscore.help_stages"))
    category_option = typer.Option("--category", help=text("cityscore.help_category"))
    values_option = typer.Option("--values", help=text("cityscore.help_values"))

    @app.command("catalogue", help=text("cityscore.help_catalogue"))
    def _catalogue(
        covered: Annotated[bool, typer.Option("--coverage", help=text("cityscore.help_coverage"))] = False,
        json_: Annotated[bool, as_json] = False,
        lang: Annotated[str | None, lang_option] = None,
    ) -> None:
        with _clear_errors(lang) as chosen:
            catalogue = load_catalogue()
            if covered:
                rows = coverage(catalogue)
                _print(json_, [asdict(row) for row in rows], *Tables(catalogue, chosen).coverage(rows))
                return
            _print(json_, catalogue_to_json(catalogue), Tables(catalogue, chosen).catalogue())

    @app.command("score", help=text("cityscore.help_score"))
    def _score(
        category: Annotated[str, category_option],
        values: Annotated[Path, values_option],
        missing: Annotated[Missing, missing_option] = "skip",
        levels: Annotated[Levels, levels_option] = "annex2",
        stages: Annotated[Stages, stages_option] = "all",
        year: Annotated[int | None, typer.Option("--year", help=text("cityscore.help_year"))] = None,
        additional: Annotated[int, typer.Option("--additional", help=text("cityscore.help_additional"))] = 0,
        not_applicable: Annotated[
            list[str] | None, typer.Option("--not-applicable", help=text("cityscore.help_not_applicable"))
        ] = None,
        json_: Annotated[bool, as_json] = False,
        lang: Annotated[str | None, lang_option] = None,
    ) -> None:
        with _clear_errors(lang) as chosen:
            catalogue, policy = load_catalogue(), Policy(missing, levels, stages, year)
            result = score(
                catalogue,
                category,
                read_object(values),
                policy,
                additional=additional,
                not_applicable=not_applicable or (),
            )
            tables = Tables(catalogue, chosen)
            _print(json_, result.to_json(), tables.summary(result), tables.sections(result), tables.kpis(result))

    @app.command("explain", help=text("cityscore.help_explain"))
    def _explain(
        a: Annotated[Path, typer.Argument(metavar="A.json", help=text("cityscore.help_a"))],
        b: Annotated[Path | None, typer.Argument(metavar="[B.json]", help=text("cityscore.help_b"))] = None,
        json_: Annotated[bool, as_json] = False,
        lang: Annotated[str | None, lang_option] = None,
    ) -> None:
        with _clear_errors(lang) as chosen:
            catalogue = load_catalogue()
            tables = Tables(catalogue, chosen)
            scores = [read_score(path) for path in (a, b) if path is not None]
            explanations = [explain(catalogue, one) for one in scores]
            steps = waterfall(scores[0], scores[-1]) if b is not None else None
            answer = {"scores": [one.to_json() for one in explanations], "waterfall": steps and steps.to_json()}
            shown = [*(tables.sections(one) for one in scores), *([tables.waterfall(steps)] if steps else [])]
            _print(json_, answer, *shown, tables.explanation(explanations[-1]))

    @app.command("rank", help=text("cityscore.help_rank"))
    def _rank(
        folder: Annotated[Path, typer.Argument(metavar="DIR", help=text("cityscore.help_folder"))],
        missing: Annotated[Missing, missing_option] = "skip",
        levels: Annotated[Levels, levels_option] = "annex2",
        stages: Annotated[Stages, stages_option] = "all",
        year: Annotated[int | None, typer.Option("--year", help=text("cityscore.help_year"))] = None,
        yearly: Annotated[int | None, typer.Option("--yearly", help=text("cityscore.help_yearly"))] = None,
        json_: Annotated[bool, as_json] = False,
        lang: Annotated[str | None, lang_option] = None,
    ) -> None:
        with _clear_errors(lang) as chosen:
            catalogue, policy = load_catalogue(), Policy(missing, levels, stages, year)
            ranking = rank(read_cities(folder, catalogue, policy, yearly))
            tables = Tables(catalogue, chosen)
            answer = {category.value: [place.to_json() for place in places] for category, places in ranking.items()}
            _print(json_, answer, *(tables.ranking(category, places) for category, places in ranking.items()))

    @app.command("boston", help=text("cityscore.help_boston"))
    def _boston(
        category: Annotated[str, category_option],
        values: Annotated[Path, typer.Option("--values", help=text("cityscore.help_spans"))],
        levels: Annotated[Levels, levels_option] = "annex2",
        json_: Annotated[bool, as_json] = False,
        lang: Annotated[str | None, lang_option] = None,
    ) -> None:
        with _clear_errors(lang) as chosen:
            catalogue = load_catalogue()
            view = boston(Rubric.of(catalogue, category, Policy(levels=levels)), read_spans(values))
            _print(json_, view.to_json(), Tables(catalogue, chosen).boston(view))


def catalogue_to_json(catalogue: Catalogue) -> list[dict[str, Any]]:
    """The stable format of `ahual catalogue --json`."""
    return [_kpi_to_json(initiative, kpi) for initiative in catalogue.initiatives for kpi in initiative.kpis]


def _kpi_to_json(initiative: Initiative, kpi: Kpi) -> dict[str, Any]:
    levels = {category: level for category, level in initiative.levels.items() if category not in kpi.not_for}
    return {
        "code": kpi.code,
        "initiative": initiative.number,
        "section": initiative.section.value,
        "name": kpi.name.model_dump(),
        "unit": kpi.unit,
        "period": kpi.period.value,
        "weight": kpi.weight,
        "targets": {category.value: _target_to_json(kpi.targets.of(category)) for category in Category},
        "levels": [category.value for category in Category if category in levels],
        "stage": min(level.stage for level in initiative.levels.values()),
        "stages": {category.value: levels[category].stage for category in Category if category in levels},
        "interpretation": kpi.interpretation and kpi.interpretation.model_dump(),
    }


def _target_to_json(target: Target | None) -> dict[str, Any] | None:
    return None if target is None else target.model_dump(exclude={"stated"})


@contextmanager
def _clear_errors(lang: str | None) -> Iterator[Language]:
    """The language to answer in; an input that is wrong ends the command with one sentence and exit code 2."""
    chosen = language(lang)
    try:
        if lang is not None and lang not in LANGUAGES:
            raise InputError("cityscore.unknown_choice", option="--lang", value=lang, choices=", ".join(LANGUAGES))
        yield chosen
    except InputError as error:
        typer.echo(sentence(error, chosen), err=True)
        raise typer.Exit(2) from None
    except CatalogueError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None


def sentence(error: InputError, lang: Language) -> str:
    """What is wrong, for a reader; values as they stand in JSON, an error inside another one as its sentence."""
    return text(error.key, lang, **{name: _readable(name, param, lang) for name, param in error.params.items()})


def _readable(name: str, param: object, lang: Language) -> str:
    if isinstance(param, InputError):
        return sentence(param, lang)
    return param if isinstance(param, str) and name != "value" else json.dumps(param, ensure_ascii=False, default=str)


def _print(as_json: bool, answer: object, *tables: RenderableType) -> None:
    if as_json:
        typer.echo(json.dumps(answer, ensure_ascii=False, indent=2, allow_nan=False))
    else:
        Console().print(*tables, sep="\n")
