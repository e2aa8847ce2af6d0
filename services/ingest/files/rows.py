"""From tables to events: every row becomes the event that its department could have sent, or says what is wrong.

A row's identity is its `id`, else its type's `row_key` with its moment. So the same file again says the same events,
which count once. A row that was changed keeps its identity and is a conflict, unless `revision` says that it corrects
the one before; `withdrawn` takes it back.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as made
from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError

from schemas.dead_letter import Reason
from schemas.events.envelope import Data, Event
from schemas.events.registry import CONTRACTS
from schemas.identity import Identity
from services.ingest.errors import RejectedError
from services.ingest.files.cells import CellError, parse
from services.ingest.files.columns import Column, columns_of, headers_of, normal, row_key, types_of
from services.ingest.files.reading import Row, Table
from services.ingest.files.rules import broken
from services.ingest.pseudonyms import Pseudonyms
from services.ingest.validation import FUTURE_FIELDS, Accepted, Limits, Rejected, accept_item, any_source_of
from services.runtime.messages import LANGUAGES

MOST_PROBLEMS: Final = 200
"""That are told at once."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a row or a table: the end of a message's name, `files.…`, and what it needs."""

    table: str
    row: int
    code: str
    field: str | None = None
    column: int | None = None
    """From 0."""
    params: Mapping[str, object] = made(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Terms:
    """For whom and on which terms a file is taken."""

    department: Identity
    now: datetime
    limits: Limits
    pseudonyms: Pseudonyms


@dataclass(frozen=True, slots=True)
class Taken:
    """All rows as events, in order, or what is wrong; with any problem nothing of the file is to be sent."""

    events: Sequence[Accepted]
    problems: Sequence[Problem]
    rows: int


class _RowError(Exception):
    """A row cannot be an event."""

    def __init__(self, code: str, field: str | None = None, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.field = field
        self.params = params
        self.others: list[_RowError] = []


def take(tables: Sequence[Table], terms: Terms) -> Taken:
    """Every row of every table."""
    events: list[Accepted] = []
    problems: list[Problem] = []
    seen: dict[tuple[str, str, str], tuple[str, int]] = {}
    for table in tables:
        for found in _of_table(table, terms, seen):
            if isinstance(found, Accepted):
                events.append(found)
            else:
                problems.append(found)
            if len(problems) >= MOST_PROBLEMS:
                break
    return Taken(() if problems else events, problems, sum(len(table.rows) for table in tables))


def _of_table(
    table: Table, terms: Terms, seen: dict[tuple[str, str, str], tuple[str, int]]
) -> list[Accepted | Problem]:
    try:
        reader = _Reader.of(table, terms)
    except _RowError as error:
        return [Problem(table.name, table.header.number, error.code, error.field, params=error.params)]
    if reader.unknown:
        return reader.unknown
    found: list[Accepted | Problem] = []
    for row in table.rows:
        try:
            found.append(reader.event(row, seen))
        except _RowError as error:
            for each in (error, *error.others):
                place = reader.place_of(each.field)
                found.append(Problem(table.name, row.number, each.code, each.field, place, each.params))
    return found


class _Reader:
    """Reads the rows of one table; rows may name their event themselves."""

    def __init__(self, table: Table, data: type[Data] | None, event_at: int | None, terms: Terms) -> None:
        self._table = table
        self._data = data
        self._event_at = event_at
        self._terms = terms
        self._columns: dict[type[Data], list[Column | None]] = {}
        self.unknown: list[Accepted | Problem] = []
        if data is not None:
            self._require_known(data)

    @classmethod
    def of(cls, table: Table, terms: Terms) -> _Reader:
        headers = [normal(str(cell or "")) for cell in table.header.cells]
        named = {normal("event"), *(normal(Column("event", "text").label(lang)) for lang in LANGUAGES)}
        event_at = next((place for place, header in enumerate(headers) if header in named), None)
        types = types_of(terms.department.system)
        data = None if event_at is not None else _type_named(table.name, types) or _only_fitting(headers, types)
        if data is None and event_at is None:
            raise _RowError("no_event", types=", ".join(types))
        return cls(table, data, event_at, terms)

    def place_of(self, field: str | None) -> int | None:
        """Where a field's column stands, if it has one."""
        for columns in self._columns.values():
            for place, column in enumerate(columns):
                if column and column.field == field:
                    return place
        return None

    def event(self, row: Row, seen: dict[tuple[str, str, str], tuple[str, int]]) -> Accepted:
        """The row's event; _RowError when it is none."""
        data = self._data or self._named(row)
        values = self._values(row, data)
        body = _body(data, values, self._terms)
        outcome = accept_item(
            self._terms.department,
            json.dumps(body).encode(),
            None,
            self._terms.now,
            self._terms.limits,
            any_source_of(self._terms.department),
            self._terms.pseudonyms,
        )
        if isinstance(outcome, Rejected):
            raise _told(outcome, body)
        key = (outcome.identity.source, outcome.id, body["time"])
        before = seen.setdefault(key, (self._table.name, row.number))
        if before != (self._table.name, row.number):
            raise _RowError("same_row", table=before[0], other=before[1])
        return outcome

    def _named(self, row: Row) -> type[Data]:
        at = self._event_at or 0
        written = str(row.cells[at] or "") if at < len(row.cells) else ""
        types = types_of(self._terms.department.system)
        data = _type_named(written, types)
        if data is None:
            raise _RowError("unknown_event" if written else "cell_missing", "event", types=", ".join(types))
        return data

    def _columns_for(self, data: type[Data]) -> list[Column | None]:
        found = self._columns.get(data)
        if found is None:
            known = headers_of(data)
            found = [known.get(normal(str(cell or ""))) for cell in self._table.header.cells]
            self._columns[data] = found
        return found

    def _require_known(self, data: type[Data]) -> None:
        """A column nobody knows is no mere remark: it may hold what must not be taken in."""
        told: dict[str, int] = {}
        for place, column in enumerate(self._columns_for(data)):
            if column is None:
                self.unknown.append(self._in_header("unknown_column", place))
            elif column.field in told:
                self.unknown.append(self._in_header("column_twice", place))
            else:
                told[column.field] = place

    def _in_header(self, code: str, place: int) -> Problem:
        return Problem(self._table.name, self._table.header.number, code, None, place)

    def _values(self, row: Row, data: type[Data]) -> dict[str, Any]:
        columns = self._columns_for(data)
        values: dict[str, Any] = {}
        wrong: list[_RowError] = []
        for place, cell in enumerate(row.cells):
            column = columns[place] if place < len(columns) else None
            if column is None or column.field == "event":
                if cell not in (None, "") and place != self._event_at:
                    wrong.append(_RowError("not_this_events", None, column=place))
                continue
            try:
                value = parse(cell, column)
            except CellError as error:
                wrong.append(_RowError(f"cell_{error.code}", column.field, **error.params))
                continue
            if value is not None:
                values[column.field] = value
        if wrong:
            wrong[0].others = wrong[1:]
            raise wrong[0]
        return values


def _type_named(name: str, types: Mapping[str, type[Data]]) -> type[Data] | None:
    """The type whose short name, full name or title in any language this is."""
    wanted = normal(name)
    for short, data in types.items():
        titles = {normal(title) for title in data.title.values()}
        if wanted in {normal(short), normal(data.type_name), *titles, *(title[:31].strip() for title in titles)}:
            return data
    return None


def _only_fitting(headers: Sequence[str], types: Mapping[str, type[Data]]) -> type[Data] | None:
    """The one type that knows every header and whose required columns are all there."""
    fitting = [data for data in types.values() if _fits(set(headers), data)]
    return fitting[0] if len(fitting) == 1 else None


def _fits(headers: set[str], data: type[Data]) -> bool:
    known = headers_of(data)
    if not headers <= known.keys():
        return False
    return {c.field for c in columns_of(data) if c.required} <= {known[header].field for header in headers}


def _body(data: type[Data], values: dict[str, Any], terms: Terms) -> dict[str, Any]:
    """The event as JSON; _RowError for what a table needs and an event sent directly does not."""
    own = {name: values.pop(name, None) for name in ("id", "source", "time", "revision", "withdrawn", "time_before")}
    missing = next((c.field for c in columns_of(data) if c.required and c.field not in values), None)
    if missing:
        raise _RowError("cell_missing", missing)
    when = own["time"] or _latest(data, values)
    if when is None:
        raise _RowError("cell_missing", "time")
    revision = 1 if own["revision"] is None else own["revision"]
    if revision < 1 or (revision == 1 and (own["withdrawn"] or own["time_before"])):
        raise _RowError("revision", "revision")
    name = own["id"] or _derived(data, values, when, terms)
    event = {
        "specversion": "1.0",
        "type": data.type_name,
        "source": own["source"] or terms.department.source,
        "id": _revised(name, revision),
        "time": when,
    }
    if revision > 1:
        event |= {"supersedesid": _revised(name, revision - 1), "supersedestime": own["time_before"] or when}
    if not own["withdrawn"]:
        event["data"] = values
    return event


def _revised(name: str, revision: int) -> str:
    return name if revision == 1 else f"{name}-r{revision}"


def _latest(data: type[Data], values: Mapping[str, Any]) -> str | None:
    """When it happened: the last of its moments that is none of a plan."""
    moments = [c.field for c in columns_of(data) if c.kind == "moment" and c.field not in FUTURE_FIELDS]
    return max((values[m] for m in moments if m in values), key=datetime.fromisoformat, default=None)


def _derived(data: type[Data], values: Mapping[str, Any], when: str, terms: Terms) -> str:
    """The id of a row that has none: out of what tells it from others, keyed where that says who somebody is."""
    key = row_key(data)
    told = [values.get(name) for name in key]
    if not any(value is not None for value in told):
        raise _RowError("needs_id", "id")
    moment = datetime.fromisoformat(when)
    raw = json.dumps([data.type_name, *told]).encode()
    if any(column.personal for column in columns_of(data) if column.field in key):
        try:
            return "row-" + terms.pseudonyms.id_of(terms.department.city, raw, moment)[:32]
        except RejectedError as error:
            raise _RowError(f"reason_{error.reason.value}", key[0]) from None
    return "row-" + hashlib.sha256(raw).hexdigest()[:32]


def _told(outcome: Rejected, body: Mapping[str, Any]) -> _RowError:
    """A rejection in a row's words; what the contract says about values is told by its kind."""
    named = (outcome.field or "").removeprefix("$.").removeprefix("data.").split(".")[0]
    field = named if named not in ("", "data") else None
    if outcome.reason is not Reason.INVALID_FIELD:
        return _RowError(f"reason_{outcome.reason.value}", field)
    try:
        contract: type[Event[Any]] = CONTRACTS[body["type"]]
        contract.model_validate_json(json.dumps(body))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        limits = {name: value for name, value in first.get("ctx", {}).items() if isinstance(value, int | float | str)}
        code = _BY_KIND.get(first["type"])
        if code and limits:
            return _RowError(code, field, limit=next(iter(limits.values())))
        if rule := broken(first["msg"]):
            code = "out_of_order" if rule.rule == "order" else f"rule_{rule.rule}"
            return _RowError(code, rule.params.get("later", field), **rule.params)
        if first["type"] == "string_pattern_mismatch":
            return _RowError("pattern", field)
    return _RowError("row_invalid", field, detail=outcome.detail)


_BY_KIND: Final = {
    "greater_than_equal": "too_small",
    "greater_than": "too_small",
    "less_than_equal": "too_great",
    "less_than": "too_great",
    "string_too_long": "too_long",
}
