"""Tables of departments: every event they can say survives the way through a template; what is wrong is named."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from schemas.events.registry import EVENT_TYPES
from schemas.identity import Identity
from services.ingest.files import reading, rows, telling, templates
from services.ingest.files.cells import HERE, CellError, parse
from services.ingest.files.columns import Column, columns_of, headers_of, normal, row_key, types_of
from services.ingest.files.reading import FileError, read
from services.ingest.files.rows import Taken, Terms, take
from services.ingest.validation import Limits
from services.runtime.messages import LANGUAGES, Language, room
from tests.keys import PSEUDONYMS

EXAMPLES = Path(__file__).parents[2] / "schemas" / "examples"
NOW = datetime(2026, 3, 31, tzinfo=UTC)
SYSTEMS = sorted({data.system for data in EVENT_TYPES.values() if data.system})


def terms(system: str) -> Terms:
    return Terms(Identity("karaganda", system, "dep"), NOW, Limits(), PSEUDONYMS)


def sent(text: str | bytes, system: str = "parking", name: str = "table.csv") -> Taken:
    content = text.encode() if isinstance(text, str) else text
    return take(read(content, name), terms(system))


def bodies(taken: Taken) -> list[dict[str, Any]]:
    assert not taken.problems, taken.problems
    return [json.loads(event.body) for event in taken.events]


def codes(taken: Taken) -> list[tuple[int, str | None, str]]:
    assert not taken.events
    return [(problem.row, problem.field, problem.code) for problem in taken.problems]


TOTALS = "name;total;as_of\n"

# --- every event through a template and back


def plain_examples() -> list[tuple[str, str, dict[str, Any]]]:
    found = []
    for path in sorted(EXAMPLES.glob("*/valid/*.json")):
        event = json.loads(path.read_text("utf-8"))
        system = path.parts[-3] if path.parts[-3] in SYSTEMS else "parking"
        known = {data.type_name: name for name, data in types_of(system).items()}
        if event["type"] in known and event.get("data") and "supersedesid" not in event:
            found.append((system, known[event["type"]], event))
    return found


def shown(value: Any, column: Column) -> Any:
    """As somebody would write it into the template."""
    if column.kind == "moment":
        return datetime.fromisoformat(value).astimezone(HERE).replace(tzinfo=None)
    if column.kind == "flag":
        return "да" if value else "жоқ"
    if column.kind == "whole" and value is not None:
        return float(Decimal(value) / column.factor)
    return value


def line_of(event: dict[str, Any], columns: list[Column]) -> list[Any]:
    values = {"id": event.get("id"), "time": event.get("time"), **event["data"]}
    return [shown(values[c.field], c) if values.get(c.field) is not None else None for c in columns]


def require_same(body: dict[str, Any], event: dict[str, Any], columns: list[Column]) -> None:
    expected = {name: value for name, value in event["data"].items() if value is not None}
    assert body["type"] == event["type"]
    assert body["data"].keys() == expected.keys()
    for column in columns:
        written, meant = body["data"].get(column.field), expected.get(column.field)
        if meant is not None and column.kind == "moment":
            gap = datetime.fromisoformat(written) - datetime.fromisoformat(meant)
            assert abs(gap.total_seconds()) < 0.002, "Excel keeps milliseconds"
        elif column.personal and meant is not None:
            assert written.startswith("p1:")
        else:
            assert written == meant or column.field in ("id", "time", "revision", "withdrawn"), column.field


@pytest.mark.parametrize("system", sorted({system for system, _, _ in plain_examples()}))
def test_examples_written_into_the_workbook_come_out_as_they_were(system: str) -> None:
    lang = LANGUAGES[len(system) % 3]
    book = load_workbook(io.BytesIO(templates.workbook(system, lang)))
    filled = {short: event for other, short, event in plain_examples() if other == system}
    for short, event in filled.items():
        book[short[:31]].append(line_of(event, templates.columns_shown(types_of(system)[short])))
    out = io.BytesIO()
    book.save(out)
    found = {body["type"]: body for body in bodies(sent(out.getvalue(), system))}
    assert len(found) == len(filled)
    for short, event in filled.items():
        require_same(found[event["type"]], event, templates.columns_shown(types_of(system)[short]))


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(("system", "short", "event"), plain_examples(), ids=lambda value: str(value)[:20])
def test_an_example_written_into_a_csv_comes_out_as_it_was(
    system: str, short: str, event: dict[str, Any], lang: Language
) -> None:
    data = types_of(system)[short]
    out = io.StringIO(templates.csv_template(data, lang).decode("utf-8-sig"))
    out.seek(0, io.SEEK_END)
    columns = templates.columns_shown(data)
    csv.writer(out, delimiter=";").writerow(["" if v is None else v for v in line_of(event, columns)])
    (body,) = bodies(sent(out.getvalue(), system, f"{short}.csv"))
    require_same(body, event, columns)


@pytest.mark.parametrize("system", SYSTEMS)
def test_titles_are_there_in_three_languages_and_never_the_same_twice(system: str) -> None:
    assert types_of(system)
    for data in types_of(system).values():
        for lang in LANGUAGES:
            labels = [normal(label) for label in templates.header(data, lang)]
            assert len(set(labels)) == len(labels), (data.type_name, lang)
            assert all(label in headers_of(data) for label in labels)


def test_every_field_of_a_department_has_a_name() -> None:
    fields = {c.field for system in SYSTEMS for data in types_of(system).values() for c in columns_of(data)}
    assert not fields - set(room("fields")), "add them to schemas/messages/fields.yaml"


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_row_key_names_fields_of_its_type(system: str) -> None:
    for data in types_of(system).values():
        assert set(row_key(data)) <= set(data.model_fields), data.type_name


def test_a_csv_template_is_what_excel_here_opens() -> None:
    made = templates.csv_template(types_of("parking")["violation-recorded"], "ru")
    assert made.startswith(b"\xef\xbb\xbf")
    assert "Номер нарушения*;Вид*;Зафиксировано*;".encode() in made


# --- identity


def test_the_same_file_says_the_same_events() -> None:
    file = TOTALS + "residents;500;2026-01-01\ncar_parks;7;2026-01-01\n"
    first, second = bodies(sent(file)), bodies(sent(file))
    assert first == second
    assert len({body["id"] for body in first}) == 2


def test_a_changed_row_keeps_its_identity_so_it_is_a_conflict_unless_it_says_that_it_corrects() -> None:
    (before,) = bodies(sent(TOTALS + "residents;500;2026-01-01\n"))
    (changed,) = bodies(sent(TOTALS + "residents;501;2026-01-01\n"))
    assert (changed["id"], changed["time"]) == (before["id"], before["time"])
    head = "name;total;as_of;revision;withdrawn\n"
    (correction,) = bodies(sent(head + "residents;501;2026-01-01;2;\n"))
    assert (correction["supersedesid"], correction["supersedestime"]) == (before["id"], before["time"])
    assert correction["id"] == before["id"] + "-r2"
    (retraction,) = bodies(sent(head + "residents;501;2026-01-01;3;да\n"))
    assert retraction["supersedesid"] == correction["id"]
    assert "data" not in retraction


def test_a_correction_may_move_the_moment() -> None:
    head = "id;name;total;as_of;revision;time_before\n"
    (body,) = bodies(sent(head + "t-1;residents;501;2026-02-01;2;01.01.2026\n"))
    assert (body["supersedesid"], body["supersedestime"]) == ("t-1", "2025-12-31T19:00:00Z")


@pytest.mark.parametrize("row", ["0;", "1;да", "-1;"])
def test_a_revision_begins_with_one_and_only_later_ones_withdraw(row: str) -> None:
    taken = sent(f"name;total;as_of;revision;withdrawn\nresidents;1;2026-01-01;{row}\n")
    assert codes(taken) == [(2, "revision", "revision")]


def test_two_rows_of_one_identity_are_named() -> None:
    taken = sent(TOTALS + "residents;500;2026-01-01\nresidents;501;2026-01-01\n")
    assert codes(taken) == [(3, None, "same_row")]
    assert "row 2" in telling.told(taken.problems[0], "en")["message"]


def test_what_nothing_tells_apart_needs_a_number() -> None:
    head = "survey;score;answered_at"
    assert codes(sent(f"{head}\nparking;9;2026-01-01\n")) == [(2, "id", "needs_id")]
    taken = bodies(sent(f"id;{head}\n1;parking;9;2026-01-01\n2;parking;9;2026-01-01\n"))
    assert [body["id"] for body in taken] == ["1", "2"]


def test_a_key_that_says_who_somebody_is_is_hashed_with_the_secret_key() -> None:
    head = "account;method;begun_at;read_at;consumption_l\n"
    (body,) = bodies(sent(head + "0012345;manual;2026-01-01;2026-02-01;5000\n", "water"))
    (same,) = bodies(sent(head + "00-12345;manual;2026-01-01;2026-02-01;5000\n", "water"))
    assert "0012345" not in json.dumps(body)
    assert body["data"]["account"] == same["data"]["account"]


def test_a_department_sends_for_its_own_system_only() -> None:
    head = "source;name;total;as_of\n"
    (body,) = bodies(sent(head + "/karaganda/parking/gate-1;residents;1;2026-01-01\n"))
    assert body["source"] == "/karaganda/parking/gate-1"
    taken = sent(head + "/almaty/parking/gate-1;residents;1;2026-01-01\n")
    assert codes(taken) == [(2, "source", "reason_foreign_identity")]


# --- which event


def test_a_column_may_name_the_event_of_each_row() -> None:
    head = "Событие;Показатель;Количество;По состоянию на;Номер нарушения;Вид;Зафиксировано;Госномер\n"
    first = "Сообщён итог на дату;car_parks;7;01.01.2026;;;;\n"
    second = "violation-recorded;;;;v-1;unpaid;02.01.2026 10:00;123 ABC 02\n"
    total, violation = bodies(sent(head + first + second))
    assert (total["data"]["total"], violation["data"]["violation"]) == (7, "v-1")
    taken = sent(head + "violation-recorded;x;;;v-1;unpaid;02.01.2026;\nx;;;;;;;\n;car_parks;7;01.01.2026;;;;\n")
    assert [code for _, _, code in codes(taken)] == ["not_this_events", "unknown_event", "cell_missing"]


def test_a_table_whose_event_is_unclear_is_refused_with_the_names_to_choose_from() -> None:
    taken = sent("one;two\n1;2\n")
    assert codes(taken) == [(1, None, "no_event")]
    assert "violation-recorded" in telling.told(taken.problems[0], "ru")["message"]


def test_a_sheet_may_have_the_name_of_its_event_in_any_language() -> None:
    for name in (
        "total-reported",
        "Сообщён итог на дату",
        "Жиынтық мән хабарланды",
        "kz.ahual.reference.total-reported.v1",
    ):
        assert len(bodies(sent(TOTALS + "residents;1;2026-01-01\n", name=f"{name}.csv"))) == 1


def test_unknown_and_double_columns_are_named() -> None:
    taken = sent("name;total;as_of;Примечание;name\nresidents;1;2026-01-01;+77011234567;x\n", name="total-reported.csv")
    assert codes(taken) == [(1, None, "unknown_column"), (1, None, "column_twice")]
    told = telling.told(taken.problems[0], "kk")
    assert (told["row"], told["column"]) == (1, "D")
    assert "+7701" not in json.dumps([told, telling.line(told, "ru")])


# --- cells


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("31.03.2026", "2026-03-31T00:00:00+05:00"),
        ("1/2/2026 9:05", "2026-02-01T09:05:00+05:00"),
        ("2026-03-31", "2026-03-31T00:00:00+05:00"),
        ("2026-03-31T10:00:00+06:00", "2026-03-31T10:00:00+06:00"),
        (46_112, "2026-03-31T00:00:00+05:00"),
        ("46112", "2026-03-31T00:00:00+05:00"),
        (46_112.5, "2026-03-31T12:00:00+05:00"),
    ],
)
def test_moments(written: Any, value: str) -> None:
    assert parse(written, Column("as_of", "moment")) == value


def test_a_term_that_is_a_day_ends_with_it() -> None:
    assert parse("31.03.2026", Column("due_at", "moment")) == "2026-03-31T23:59:59.999999+05:00"
    assert parse("31.03.2026 18:00", Column("due_at", "moment")) == "2026-03-31T18:00:00+05:00"


@pytest.mark.parametrize(
    ("written", "factor", "value"),
    [
        ("1 234", 1, 1234),
        ("1\u00a0234,50", 100, 123_450),
        (12.0, 1, 12),
        ("0,29", 100, 29),
        (0.29, 100, 29),
        (-5, 1, -5),
    ],
)
def test_numbers(written: Any, factor: int, value: int) -> None:
    assert parse(written, Column("total", "whole", factor=Decimal(factor))) == value


@pytest.mark.parametrize(
    ("written", "column", "code"),
    [
        ("=1+1", Column("total", "whole"), "formula"),
        ("=HYPERLINK(1)", Column("name", "text"), "formula"),
        ("12,5", Column("total", "whole"), "whole"),
        ("0,291", Column("amount_tiyn", "whole", factor=Decimal(100)), "too_precise"),
        ("many", Column("total", "whole"), "number"),
        ("nan", Column("total", "whole"), "number"),
        ("1e400", Column("total", "whole"), "number"),
        (True, Column("total", "whole"), "number"),
        (datetime(2026, 1, 1), Column("total", "whole"), "number"),  # noqa: DTZ001
        ("maybe", Column("good", "flag"), "flag"),
        ("other", Column("kind", "choice", choices=("a", "b")), "choice"),
        ("32.10.2026", Column("as_of", "moment"), "moment"),
        ("yesterday", Column("as_of", "moment"), "moment"),
        (5, Column("as_of", "moment"), "moment"),
        ("01.01.0001", Column("as_of", "moment"), "moment"),
        (1.5, Column("name", "text"), "text"),
    ],
)
def test_cells_that_are_wrong(written: Any, column: Column, code: str) -> None:
    with pytest.raises(CellError) as caught:
        parse(written, column)
    assert caught.value.code == code


def test_flags_choices_and_numbers_as_text() -> None:
    assert [parse(word, Column("good", "flag")) for word in ("Иә", "ДА", "yes", 1, True)] == [True] * 5
    assert [parse(word, Column("good", "flag")) for word in ("жоқ", "Нет", "no", 0, False)] == [False] * 5
    assert parse("UNPAID", Column("kind", "choice", choices=("unpaid",))) == "unpaid"
    assert parse(4711.0, Column("call", "text")) == "4711"
    assert parse(10.0, Column("scale", "choice", choices=(5, 10))) == 10


def test_units_that_people_write() -> None:
    head = "Лицевой счёт;Способ;Начало;Снятие показаний;"
    row = "0012345;manual;01.01.2026;01.02.2026;"
    (heat,) = bodies(sent(f"{head}Потреблено энергии, Гкал\n{row}0,5\n", "heat"))
    (water,) = bodies(sent(f"{head}Объём потребления (м³)*\n{row}12,345\n", "water"))
    (plain,) = bodies(sent(f"{head}consumption_l\n{row}12345\n", "water"))
    assert heat["data"]["consumption_wh"] == 581_500
    assert water["data"]["consumption_l"] == plain["data"]["consumption_l"] == 12_345


# --- rows


def test_every_mistake_of_a_row_is_told_with_its_place_in_the_language_asked_for() -> None:
    taken = sent(TOTALS + "residents;12,5;32.10.2026\n;1;2026-01-01\nresidents;-1;2026-01-01\nx;1;2027-01-01\n")
    assert codes(taken) == [
        (2, "total", "cell_whole"),
        (2, "as_of", "cell_moment"),
        (3, "name", "cell_missing"),
        (4, "total", "too_small"),
        (5, "time", "reason_future_time"),
    ]
    for lang in LANGUAGES:
        lines = [telling.line(telling.told(problem, lang), lang) for problem in taken.problems]
        assert len(set(lines)) == 5
        assert all(line for line in lines)
    assert telling.line(telling.told(taken.problems[0], "ru"), "ru").startswith(
        "«table», строка 2, столбец B (Количество): "
    )


def test_an_order_that_is_wrong_names_both_fields() -> None:
    taken = sent("site;container;filled_at;emptied_at\ns;c;2026-02-01;2026-01-01\n", "waste")
    assert [code for _, _, code in codes(taken)] == ["out_of_order"]
    message = telling.told(taken.problems[0], "ru")["message"]
    assert all(f"«{telling.label(field, 'ru')}»" in message for field in ("filled_at", "emptied_at"))


def test_what_a_contract_demands_is_told_without_a_word_of_another_language() -> None:
    head = "account;method;begun_at;read_at;consumption_l\n"
    taken = sent(head + "0012345;manual;2026-02-01;2026-01-01;5000\n", "water")
    assert codes(taken) == [(2, None, "rule_read_at")]
    told = {lang: telling.told(taken.problems[0], lang)["message"] for lang in LANGUAGES}
    assert told["ru"] == "Показание снято не позже предыдущего. Проверьте обе даты."
    assert "read_at does not lie after begun_at" in told["en"]
    assert not re.search("[a-z]", told["kk"] + told["ru"])


def test_one_wrong_row_and_nothing_is_taken() -> None:
    assert not sent(TOTALS + "residents;1;2026-01-01\nresidents;x;2026-01-02\n").events


def test_problems_are_not_told_without_end() -> None:
    taken = sent(TOTALS + "residents;x;2026-01-01\n" * 5000)
    assert len(taken.problems) == rows.MOST_PROBLEMS
    assert taken.rows == 5000


# --- files


RUSSIAN = "Показатель;Количество;По состоянию на\nresidents;5;01.01.2026\n"
KAZAKH = "Көрсеткіш;Саны;Қай күнге\nresidents;5;01.01.2026\n"


@pytest.mark.parametrize(
    "content",
    [
        RUSSIAN.encode(),
        RUSSIAN.encode("utf-8-sig"),
        RUSSIAN.encode("cp1251"),
        RUSSIAN.encode("utf-16"),
        KAZAKH.encode("utf-8-sig"),
        KAZAKH.encode("kz1048"),
        RUSSIAN.replace(";", ",").encode(),
        RUSSIAN.replace(";", "\t").encode(),
        b"sep=;\r\n" + RUSSIAN.replace("\n", "\r\n").encode("cp1251"),
        ("\n\n" + RUSSIAN + "\n;;\n").encode(),
        RUSSIAN.replace("residents", '"residents"').encode(),
    ],
)
def test_encodings_and_separators_that_are_met(content: bytes) -> None:
    (body,) = bodies(sent(content))
    assert body["data"]["total"] == 5


def zipped(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), content)
    return out.getvalue()


def workbook_of(*lines: list[Any], title: str = "total-reported") -> bytes:
    book = Workbook()
    assert book.active
    book.active.title = title
    for line in lines:
        book.active.append(line)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def many_rows(count: int) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["name", "total", "as_of"])
    writer.writerows(("residents", n, "2026-01-01") for n in range(count))
    return out.getvalue().encode()


GOOD_BOOK = workbook_of(["name", "total", "as_of"], ["residents", 5, datetime(2026, 1, 1)])  # noqa: DTZ001


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"\n \n;;\n", "empty"),
        (b"name;total;as_of\n", "empty"),
        (b"\xd0\xcf\x11\xe0" + bytes(100), "old_excel"),
        (b"PK\x03\x04broken", "damaged"),
        (GOOD_BOOK[:-400], "damaged"),
        (zipped(a=b"x"), "not_excel"),
        (zipped(xl__workbook_xml=bytes(reading.MAX_UNPACKED + 1)), "too_large_inside"),
        (zipped(**{f"n{n}": b"" for n in range(reading.MAX_PARTS + 1)}), "too_large_inside"),
        (zipped(xl__workbook_xml=b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x/>'), "damaged"),
        (zipped(xl__workbook_xml=b"<x/>"), "damaged"),
        (many_rows(reading.MAX_ROWS + 1), "too_many_rows"),
        (many_rows(1_000_000)[: 8 * 2**20], "too_many_rows"),
        (b"%PDF-1.7\x00\x01\x02", "not_a_table"),
        (bytes(range(256)) * 4, "encoding"),
        (b'name;total\n"open;1\n', "csv"),
        (b"name;total\n" + b"x" * 2000 + b";1\n", "too_long"),
        (b";".join([b"x"] * 200) + b"\n1\n", "too_many_columns"),
        (b"\xff\xfe\x00", "not_a_table"),
        (workbook_of(["name", "total", "as_of"]), "empty"),
        (workbook_of(["x"] * 101, [1]), "too_many_columns"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_three_languages(content: bytes, code: str) -> None:
    with pytest.raises(FileError) as caught:
        sent(content)
    assert caught.value.code == code
    assert len({telling.of_file(caught.value, lang) for lang in LANGUAGES}) == 3


def test_a_workbook_of_our_own_making() -> None:
    (body,) = bodies(sent(GOOD_BOOK))
    assert body["data"] == {"name": "residents", "total": 5, "as_of": "2025-12-31T19:00:00Z"}


def test_formulas_and_numbers_for_dates_in_a_workbook() -> None:
    taken = sent(workbook_of(["name", "total", "as_of"], ["residents", "=1+1", 46_000]))
    assert codes(taken) == [(2, "total", "cell_formula")]
    assert len(bodies(sent(workbook_of(["name", "total", "as_of"], ["residents", 2, 46_000])))) == 1


def test_a_workbook_that_lies_about_its_size() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(GOOD_BOOK)) as source, zipfile.ZipFile(out, "w") as target:
        for part in source.infolist():
            content = source.read(part)
            target.writestr(part.filename, content.replace(b'ref="A1:C2"', b'ref="A1:XFD1048576"'))
    assert len(bodies(sent(out.getvalue()))) == 1
