from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from schemas.catalogue import Category
from services.cli import catalogue

VALUES = {"2.1": 20, "2.2": 45, "3.1": 98, "1.12": -5}


@pytest.fixture
def values(tmp_path: Path) -> Path:
    return _write(tmp_path / "values.json", VALUES)


def run(*arguments: str | Path) -> Result:
    app = typer.Typer(pretty_exceptions_enable=False)
    catalogue.register(app)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def answer(*arguments: str | Path) -> Any:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_catalogue_format() -> None:
    rows = answer("catalogue")
    assert len(rows) == 118
    keys = "code initiative section name unit period weight targets levels stage stages interpretation"
    for row in rows:
        assert list(row) == keys.split()
        assert set(row["targets"]) == set(Category)
        assert row["interpretation"] is None or set(row["interpretation"]) == {"kk", "ru", "en"}
    by_code = {row["code"]: row for row in rows}
    assert by_code["2.1"]["targets"]["republican"] == {"op": "<=", "value": 10}
    assert by_code["5.2"]["targets"]["republican"] == {"op": "between", "low": 80, "high": 90}
    assert by_code["5.2"]["levels"] == ["republican"]
    assert by_code["1.12"]["targets"]["regional"] == {"op": "decrease", "value": 3}
    assert by_code["1.12"]["targets"]["district"] == {"op": "no_worse", "direction": "decrease"}
    assert by_code["1.1"]["targets"]["district"] is None
    limits = {"safety": 1, "housing": 24, "ecology": 1, "education": 24}
    assert by_code["1.4"]["targets"]["republican"] == {"op": "each_at_most", "value": limits}
    assert (by_code["3.1"]["stage"], by_code["3.1"]["stages"]["district"]) == (1, 2)
    assert by_code["9.6"]["levels"] == ["republican", "regional"]


def test_score_format(values: Path) -> None:
    result = answer("score", "--category", "republican", "--values", values, "--additional", "1")
    assert set(result) >= {"index", "lower", "upper", "coverage", "total", "rating", "sections", "kpis"}
    # city management (9·1 + 10·½ + 9·½)/28 at 25, housing 1 at 15
    assert result["index"] == pytest.approx(100 * (25 * 18.5 / 28 + 15) / 40)
    assert result["total"] == result["index"] + 2
    assert result["sections"]["safety"]["score"] is None
    assert result["sections"]["housing"] == {"score": 1.0, "weight": 15, "points": 37.5}
    assert len(result["kpis"]) == 118
    one = result["kpis"]["2.1"]
    assert {key: one[key] for key in ("value", "attainment", "weight")} == {
        "value": 20,
        "attainment": 0.5,
        "weight": 10,
    }


def test_score_options(values: Path) -> None:
    base = ("score", "--category", "district", "--values", values)
    assert len(answer(*base)["kpis"]) == 47
    assert len(answer(*base, "--levels", "annex4")["kpis"]) == 113
    assert set(answer(*base, "--stages", "due", "--year", "2027")["kpis"]) == {f"2.{row}" for row in range(1, 8)}
    assert answer(*base, "--missing", "zero")["index"] == answer(*base)["lower"]
    assert "2.7" not in answer(*base, "--not-applicable", "2.7")["kpis"]


def test_standard_input() -> None:
    app = typer.Typer()
    catalogue.register(app)
    app.command("other")(lambda: None)
    result = CliRunner().invoke(
        app, ["score", "--category", "district", "--values", "-", "--json"], input='{"2.1": 30}'
    )
    assert json.loads(result.stdout)["index"] == 100


def test_explain(values: Path, tmp_path: Path) -> None:
    a = _write(tmp_path / "a.json", answer("score", "--category", "republican", "--values", values))
    better = _write(tmp_path / "better.json", {**VALUES, "2.1": 10})
    b = _write(tmp_path / "b.json", answer("score", "--category", "republican", "--values", better))
    result = answer("explain", a, b)
    steps = result["waterfall"]["steps"]
    assert [(step["code"], step["cause"]) for step in steps] == [("2.1", "attainment")]
    first, second = (json.loads(path.read_text())["total"] for path in (a, b))
    assert (steps[0]["from"], steps[-1]["to"]) == (first, second)
    assert result["waterfall"]["difference"] == second - first
    assert result["scores"][0]["next_band"]["floor"] == 90
    assert answer("explain", a)["waterfall"] is None


def test_rank(values: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cities"
    score = answer("score", "--category", "republican", "--values", values)
    _write(folder / "scored.json", score)
    _write(folder / "given.json", {"category": "republican", "values": VALUES, "additional": 1})
    _write(folder / "district" / "plain.json", {"2.1": 30})
    result = answer("rank", folder)
    assert [(place["rank"], place["city"]) for place in result["republican"]] == [(1, "given"), (2, "scored")]
    assert [(place["rank"], place["city"], place["total"]) for place in result["district"]] == [(1, "plain", 100)]


def test_rank_of_a_year(tmp_path: Path) -> None:
    initiative = {"name": "x", "in_roadmap": True, "signed_report": True, "indicators": 2, "sphere": "economy"}
    city = {
        "category": "district",
        "periods": {"3.5": {"2027-Q1": 50, "2027-Q2": 25}},
        "initiatives": [{**initiative, "implemented_on": "2027-05-01"}, {**initiative, "implemented_on": None}],
    }
    _write(tmp_path / "a.json", city)
    place = answer("rank", tmp_path, "--yearly", "2027")["district"][0]
    assert place["index"] == pytest.approx(100 * 15 * (7 * 0.375 / 240) / 85)
    assert place["total"] == place["index"] + 2


def test_boston(tmp_path: Path) -> None:
    spans = _write(tmp_path / "spans.json", {"day": {"2.1": 60}})
    result = answer("boston", "--category", "district", "--values", spans)
    assert result["kpis"]["2.1"] == {"day": 0.5, "week": None, "month": None, "quarter": None}
    assert result["city"]["day"] == 0.5


@pytest.mark.parametrize(("lang", "word"), [("kk", "Индекс"), ("ru", "Итоговый балл"), ("en", "Total")])
def test_tables_in_three_languages(values: Path, tmp_path: Path, lang: str, word: str) -> None:
    assert word in run("score", "--category", "republican", "--values", values, "--lang", lang).output
    score = _write(tmp_path / "a.json", answer("score", "--category", "republican", "--values", values))
    spans = _write(tmp_path / "spans.json", {"day": {"2.1": 60}})
    _write(tmp_path / "cities" / "x.json", {"category": "district", "values": {"1.4": {"safety": 1}}})
    for command in (
        ["catalogue"],
        ["explain", score, score],
        ["rank", tmp_path / "cities"],
        ["boston", "--category", "district", "--values", spans],
    ):
        result = run(*command, "--lang", lang)
        assert result.exit_code == 0, result.output
        assert result.output.strip()


def test_the_language_of_the_environment(values: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AHUAL_LANG", "ru")
    assert "Итоговый балл" in run("score", "--category", "republican", "--values", values).output
    assert "Ранжирует" in run("--help").output


SCORE = ("score", "--category", "republican", "--values")
BAD_VALUES: list[tuple[str, Sequence[str]]] = [
    ('{"77.1": 5}', ["77.1"]),
    ('{"2.1": "ten"}', ["2.1", '"ten"', "number"]),
    ('{"2.1": null}', ["2.1", "null"]),
    ('{"2.1": true}', ["2.1", "true"]),
    ('{"2.1": NaN}', ["NaN"]),
    ('{"2.1": -Infinity}', ["-Infinity"]),
    ('{"2.1": 1e999}', ["2.1", "finite"]),
    ('{"2.1": -3}', ["2.1", "-3"]),
    ('{"1.12": -101}', ["1.12", "-101"]),
    ('{"1.4": {"sea": 3}}', ["1.4", "sea"]),
    ('{"1.4": 3}', ["1.4", "safety"]),
    ('{"2.1": 1, "2.1": 2}', ["2.1", "repeated"]),
    ("[1]", ["object"]),
    ("{", ["JSON"]),
    ("", ["JSON"]),
]


@pytest.mark.parametrize(("content", "words"), BAD_VALUES, ids=str)
def test_bad_values_are_one_clear_message(tmp_path: Path, content: str, words: Sequence[str]) -> None:
    path = tmp_path / "values.json"
    path.write_text(content)
    _refused(run(*SCORE, path), *words)


@pytest.mark.parametrize("lang", ["kk", "ru", "en"])
def test_messages_in_three_languages(values: Path, lang: str) -> None:
    result = run("score", "--category", "mars", "--values", values, "--lang", lang)
    _refused(result, {"kk": "санат", "ru": "атегори", "en": "category"}[lang], "mars", "republican")


def test_other_wrong_inputs(values: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    _write(tmp_path / "bad" / "x.json", {"category": "district", "values": {"2.1": "x"}})
    _write(tmp_path / "worse" / "y.json", {"category": "district", "values": {}, "mayor": 1})
    _refused(run(*SCORE, tmp_path / "absent.json"), "absent.json")
    _refused(run(*SCORE, values, "--additional", "-1"), "-1")
    _refused(run(*SCORE, values, "--stages", "due"), "year")
    _refused(run(*SCORE, values, "--lang", "fr"), "fr", "kk")
    _refused(run("explain", values), "values.json")
    _refused(run("rank", tmp_path / "absent"), "absent")
    _refused(run("rank", empty), "empty")
    _refused(run("rank", tmp_path / "bad"), "x.json", "2.1")
    _refused(run("rank", tmp_path / "worse"), "y.json", "mayor")
    _refused(run("boston", "--category", "district", "--values", values), "2.1")


def test_options_that_typer_checks_end_with_2_too(values: Path) -> None:
    assert run(*SCORE, values, "--missing", "guess").exit_code == 2
    assert run("score", "--values", values).exit_code == 2


def _refused(result: Result, *words: str) -> None:
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert len(result.stderr.strip().splitlines()) == 1
    for word in words:
        assert word in result.stderr


def _write(path: Path, data: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data), "utf-8")
    return path
