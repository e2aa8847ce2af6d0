from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.cityscore.catalogue import load_catalogue
from services.cityscore.errors import CatalogueError
from tests.cityscore.small import TEXT, catalogue, initiative, kpi, methodology

HIGH = {"op": ">=", "value": 50}
FIRST = initiative(2, "city_management", [kpi("2.1", HIGH), kpi("2.2", HIGH)])
SECOND = initiative(9, "safety", [kpi("9.1", HIGH)])
Write = Callable[[str, Any], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file of the catalogue, from text or from data."""

    def writer(name: str, content: Any) -> Path:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content if isinstance(content, str) else yaml.safe_dump(content, allow_unicode=True), "utf-8")
        return path

    writer("methodology.yaml", methodology())
    writer("kpis/02-second.yaml", FIRST)
    return writer


def test_loads_in_the_order_of_the_annexes(write: Write, tmp_path: Path) -> None:
    write("kpis/02-second.yaml", {**FIRST, "kpis": FIRST["kpis"][::-1]})
    write("kpis/01-misnamed.yaml", SECOND)
    write("functions/02-second.yaml", [{"name": TEXT, "categories": ["district"]}])
    loaded = load_catalogue(tmp_path)
    assert [kpi.code for initiative in loaded.initiatives for kpi in initiative.kpis] == ["2.1", "2.2", "9.1"]
    assert [function.categories for function in loaded.functions[2]] == [("district",)]


def test_the_hash_does_not_depend_on_formatting_or_file_order(write: Write, tmp_path: Path) -> None:
    write("kpis/09-ninth.yaml", SECOND)
    reference = load_catalogue(tmp_path).hash
    assert reference == catalogue(FIRST, SECOND).hash
    as_json = json.dumps(FIRST, indent=7, sort_keys=True).replace(": 50", ": 50.0")
    write("kpis/02-second.yaml", f"# the same, in flow style, with another order of keys\n{as_json}")
    (tmp_path / "kpis/02-second.yaml").rename(tmp_path / "kpis/99-last.yaml")
    assert load_catalogue(tmp_path).hash == reference


def test_the_hash_depends_on_every_figure_and_text(write: Write, tmp_path: Path) -> None:
    hashes = {load_catalogue(tmp_path).hash}
    for change in (
        {"weight": 2},
        {"name": {**TEXT, "kk": "б"}},
        {"targets": kpi("2.1", {**HIGH, "value": 51})["targets"]},
    ):
        write("kpis/02-second.yaml", {**FIRST, "kpis": [kpi("2.1", HIGH, **change), FIRST["kpis"][1]]})
        hashes.add(load_catalogue(tmp_path).hash)
    assert len(hashes) == 4


@pytest.mark.parametrize(
    ("before", "after", "at", "says"),
    [
        ("weight: 1\n", "weight: many\n", "weight: many", "weight"),
        ("weight: 1\n", "weight: 1\n  colour: red\n", "colour: red", "colour"),
        ("unit: percent", "unit: parsec", "unit: parsec", "unknown unit 'parsec'"),
        ("op: '>='", "op: '>'", "district:", "targets"),
        ("value: 50", "value: .nan", "value: .nan", "finite"),
        ("code: '2.2'", "code: '2.1'", "code: '2.1'\n  formula", "used twice"),
        ("code: '2.2'", "code: '3.2'", "code: '3.2'", "does not belong"),
        ("section: city_management", "section: sea", "section: sea", "section"),
        ("system: system-2", "system: system-2\nsystem: again", "system: again", "repeated"),
        ("system: system-2", "system: [", None, "expected"),
    ],
)
def test_a_mistake_is_named_with_file_and_line(
    write: Write, tmp_path: Path, before: str, after: str, at: str | None, says: str
) -> None:
    content = yaml.safe_dump(FIRST, allow_unicode=True)
    assert before in content
    broken = after.join(content.rsplit(before, 1))
    path = write("kpis/02-second.yaml", broken)
    with pytest.raises(CatalogueError, match=says) as caught:
        load_catalogue(tmp_path)
    assert caught.value.file == str(path)
    assert str(caught.value).startswith(f"{path}:{caught.value.line}: ")
    if at is not None:
        assert broken.splitlines()[caught.value.line - 1].strip(" -").startswith(at.split("\n")[0])
        assert caught.value.line > 1


def test_a_measure_that_names_what_is_not_there_is_named_with_its_line(write: Write, tmp_path: Path) -> None:
    term = {"event": "kz.ahual.contact-centre.call-answered.v1", "value": {"field": "score"}}
    measure = {"kind": "sum", "numerator": [term]}
    path = write("kpis/02-second.yaml", {**FIRST, "kpis": [kpi("2.1", HIGH), kpi("2.2", HIGH, measure=measure)]})
    with pytest.raises(CatalogueError, match=r"KPI 2\.2: .*has no field score") as caught:
        load_catalogue(tmp_path)
    assert path.read_text("utf-8").splitlines()[caught.value.line - 1].strip() == "field: score"


def test_what_stands_wrongly_beside_the_kpis(write: Write, tmp_path: Path) -> None:
    write("functions/07-seventh.yaml", [])
    with pytest.raises(CatalogueError, match=r"07-seventh\.yaml:1: .*initiative"):
        load_catalogue(tmp_path)
    (tmp_path / "functions/07-seventh.yaml").unlink()
    write("kpis/03-again.yaml", FIRST)
    with pytest.raises(CatalogueError, match="stands in"):
        load_catalogue(tmp_path)
    write("kpis/03-again.yaml", "")
    with pytest.raises(CatalogueError, match=r"03-again\.yaml:1: the file is empty"):
        load_catalogue(tmp_path)


def test_the_real_catalogue_is_complete() -> None:
    loaded = load_catalogue()
    rows = [len(initiative.kpis) for initiative in loaded.initiatives]
    assert rows == [21, 7, 7, 7, 7, 7, 7, 7, 9, 7, 6, 6, 5, 5, 5, 5]
    assert set(loaded.functions) == set(range(1, 17))
    assert sum(section.weight for section in loaded.methodology.sections.values()) == 100


OWN = initiative(17, "ecology", [kpi("17.1", HIGH)], levels={})


def test_a_citys_own_initiatives_are_measured_and_not_part_of_the_hash(write: Write, tmp_path: Path) -> None:
    write("own/river.yaml", OWN)
    ordered, both = load_catalogue(tmp_path), load_catalogue(tmp_path, tmp_path / "own")
    assert [k.code for _, k in both.measured()] == ["2.1", "2.2", "17.1"]
    assert both.hash == ordered.hash
    assert load_catalogue(tmp_path, tmp_path / "nowhere") == ordered


@pytest.mark.parametrize(
    ("own", "says"),
    [
        (initiative(3, "ecology", [kpi("3.1", HIGH)], levels={}), r"river\.yaml:\d+: .*a city's own 17 to 99"),
        (initiative(17, "ecology", [kpi("17.1", HIGH)]), r"river\.yaml:\d+: .*has no levels"),
        (initiative(17, "ecology", [kpi("16.1", HIGH)], levels={}), "does not belong to initiative 17"),
        (
            {**OWN, "kpis": [kpi("17.1", HIGH, measure={"kind": "count", "numerator": [{"event": "x"}]})]},
            "event type x",
        ),
    ],
)
def test_what_no_city_can_add(write: Write, tmp_path: Path, own: dict[str, Any], says: str) -> None:
    write("own/river.yaml", own)
    with pytest.raises(CatalogueError, match=says):
        load_catalogue(tmp_path, tmp_path / "own")


def test_the_order_has_sixteen_initiatives(write: Write, tmp_path: Path) -> None:
    write("kpis/17-river.yaml", OWN)
    with pytest.raises(CatalogueError, match="the order's initiatives are 1 to 16"):
        load_catalogue(tmp_path)
