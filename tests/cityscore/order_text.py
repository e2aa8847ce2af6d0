"""Reads annexes 2 to 5 of order No. 469/НҚ out of its plain text, without any help from the catalogue.

The text holds one table cell per line; a few cells are broken over two lines. Nothing here knows a KPI's value: what
it returns is what the order prints, and a layout it does not understand is an error, never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tests.cityscore.order_words import WORDS, Language, Words

CELLS_BEFORE_PERIOD: Final = 5


class LayoutError(Exception):
    """The text is not laid out as the parser expects."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of annex 4, cell by cell; `period` and `target` as printed."""

    code: str
    name: str
    description: str
    formula: str
    source: str
    system: str
    period: str
    target: str
    weight: int


@dataclass(frozen=True, slots=True)
class Step:
    """One initiative of annex 2: per category the stage and the first and last year."""

    number: int
    name: str
    section: str
    levels: dict[str, tuple[int, int, int]]


@dataclass(frozen=True, slots=True)
class Need:
    """One row of annex 3 and the categories it answers with yes."""

    name: str
    categories: tuple[str, ...]
    necessity: str


def annex(text: str, number: int, language: Language) -> list[str]:
    """Lines of an annex from its title to its abbreviations (annex 5: to the end), without blanks at the ends."""
    words = WORDS[language]
    lines = [line.strip() for line in text.splitlines()]
    titles = [i for i, line in enumerate(lines) if line.startswith(words.annexes[number])]
    if not titles:
        raise LayoutError(f"annex {number} ({language}) not found")
    body = lines[titles[-1] + 1 :]
    ends = [i for i, line in enumerate(body) if line.startswith(words.table_end)]
    return [line for line in (body if number == max(words.annexes) else body[: ends[0]]) if line]


def tables(lines: list[str], number: int, language: Language) -> Iterator[tuple[int, str, list[str]]]:
    """Number, title and body lines of every table of annex 3 or 4."""
    words = WORDS[language]
    headings = [(i, m) for i, line in enumerate(lines) if (m := re.fullmatch(r"(\d+)\. (.+)", line))]
    stops = [i for i, _ in headings[1:]] + [len(lines)]
    for (start, heading), stop in zip(headings, stops, strict=True):
        header_end = lines.index(words.last_header[number], start)
        title = heading.group(2).removeprefix(words.initiative)
        yield int(heading.group(1)), title, lines[header_end + 1 : stop]


def kpi_tables(text: str, language: Language) -> dict[int, tuple[str, list[Row]]]:
    """Annex 4: title and rows per initiative."""
    found = tables(annex(text, 4, language), 4, language)
    return {number: (title, list(_rows(number, body, WORDS[language]))) for number, title, body in found}


def _rows(table: int, body: list[str], words: Words) -> Iterator[Row]:
    at, row = 0, 1
    while at < len(body):
        if body[at] != str(row):
            raise LayoutError(f"row {table}.{row} expected, found {body[at]!r}")
        period = next(i for i in range(at, len(body)) if _begins_period(body[i], words))
        weight = next(i for i in range(period + 2, len(body)) if body[i].isdigit())
        name, description, formula, source, system = _whole_cells(body[at + 1 : period])
        *broken_period, target = body[period:weight]
        joined = _period(broken_period, words)
        yield Row(f"{table}.{row}", name, description, formula, source, system, joined, target, int(body[weight]))
        row += 1
        at = next((i for i in range(weight + 1, len(body)) if body[i] == str(row)), len(body))


def _begins_period(line: str, words: Words) -> bool:
    return len(line) > len("Ежек") and any(word.startswith(line) for word in words.periods)


def _period(lines: list[str], words: Words) -> str:
    whole = "".join(lines)
    return whole if whole in words.periods else " ".join(lines)


def _whole_cells(lines: list[str]) -> list[str]:
    """Joins broken cells: while there are too many, a line that begins in lower case continues the one before."""
    cells = lines[:1]
    surplus = len(lines) - CELLS_BEFORE_PERIOD
    for line in lines[1:]:
        if surplus and line[0].islower():
            cells[-1] += line
            surplus -= 1
        else:
            cells.append(line)
    if len(cells) != CELLS_BEFORE_PERIOD:
        raise LayoutError(f"{len(cells)} cells before the period: {cells}")
    return cells


def roadmap(text: str, language: Language) -> list[Step]:
    """Annex 2: the initiatives with section, stage and years per category."""
    words = WORDS[language]
    lines = annex(text, 2, language)
    lines = lines[lines.index(words.last_header[2]) + 1 :]
    starts = [i for i, line in enumerate(lines) if re.fullmatch(r"\d{1,2}", line)]
    stops = [*starts[1:], len(lines)]
    return [_step(lines[start:stop], words) for start, stop in zip(starts, stops, strict=True)]


def _step(lines: list[str], words: Words) -> Step:
    levels: dict[str, tuple[int, int, int]] = {}
    for i, line in enumerate(lines):
        if (category := words.categories.get(line)) is not None:
            first, last = re.findall(r"\d{4}", lines[i + 3])
            levels[category] = (int(re.sub(r"\D", "", lines[i + 1])), int(first), int(last))
    (section,) = [words.sections[line] for line in lines if line in words.sections]
    return Step(int(lines[0]), lines[1], section, levels)


def functions(text: str, language: Language) -> dict[int, tuple[str, list[Need]]]:
    """Annex 3: title and functions per initiative."""
    return {
        number: (title, list(_needs(body, WORDS[language])))
        for number, title, body in tables(annex(text, 3, language), 3, language)
    }


def _needs(body: list[str], words: Words) -> Iterator[Need]:
    """A function is a name, three answers and a reason; text without answers (a remark below) ends the table."""
    names = list(words.categories.values())
    answers = re.compile(rf"{words.yes}( \(.+\))?|нет|жоқ")
    for at in range(1, len(body) - 3):
        three = body[at : at + 3]
        if all(answers.fullmatch(answer) for answer in three):
            having = tuple(c for c, answer in zip(names, three, strict=True) if answer.startswith(words.yes))
            yield Need(body[at - 1], having, body[at + 3])


def section_weights(text: str, language: Language) -> dict[str, tuple[str, int, str]]:
    """Annex 5, point 3: name, weight and remark per section."""
    words = WORDS[language]
    lines = annex(text, 5, language)
    lines = lines[lines.index(words.weights_header) + 1 :]
    found = {}
    for i in range(0, 3 * len(set(words.sections.values())), 3):
        found[words.sections[lines[i]]] = (lines[i], int(lines[i + 1]), lines[i + 2])
    return found


def bands(text: str, language: Language) -> list[tuple[str, str, str]]:
    """Annex 5, point 7: printed range, name and description of the ratings, best first."""
    lines = annex(text, 5, language)
    lines = lines[lines.index(WORDS[language].bands_header) + 1 :]
    return [(lines[i], lines[i + 1], lines[i + 2]) for i in range(0, len(lines), 3)]


def criteria(text: str, language: Language) -> list[str]:
    """Annex 5, point 6: the numbered criteria for additional initiatives."""
    lines = annex(text, 5, language)
    start = next(i for i, line in enumerate(lines) if line.startswith("6. ")) + 1
    stop = next(i for i, line in enumerate(lines) if i > start and line.startswith("3. "))
    return [re.sub(r"^\d\) ", "", line) for line in lines[start:stop]]


def abbreviations(text: str, language: Language) -> list[tuple[str, str]]:
    """Short form and whole line of every abbreviation below annexes 2, 3 and 4."""
    lines = [line.strip() for line in text.splitlines()]
    found = []
    for at in (i for i, line in enumerate(lines) if line.startswith(WORDS[language].table_end)):
        for line in lines[at + 1 :]:
            found.append((line.split(" – ")[0], line))
            if line.endswith("."):
                break
    return found
