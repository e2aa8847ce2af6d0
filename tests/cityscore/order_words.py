"""The words by which the parser of the order's text finds its way, in both languages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Language = Literal["kk", "ru"]
LANGUAGES: Final[tuple[Language, ...]] = ("kk", "ru")


@dataclass(frozen=True, slots=True)
class Words:
    """The order's own words that mark where its tables begin, end and change column."""

    annexes: dict[int, str]
    table_end: str
    initiative: str
    last_header: dict[int, str]
    yes: str
    stage: str
    sections: dict[str, str]
    categories: dict[str, str]
    periods: dict[str, str]
    weights_header: str
    bands_header: str


WORDS: Final[dict[Language, Words]] = {
    "ru": Words(
        annexes={
            2: "Дорожная карта построения",
            3: "Перечень стандартных базовых инициатив",
            4: "Ключевые показатели эффективности внедрения",
            5: "Оценка реализации инициатив",
        },
        table_end="Расшифровка аббревиатур",
        initiative="Инициатива: ",
        last_header={2: "Сфера деятельности", 3: "Оценка необходимости", 4: "Влияние на рейтинг города с обоснованием"},
        yes="да",
        stage="Этап",
        sections={
            "Управление городом": "city_management",
            "Безопасность": "safety",
            "Транспорт и логистика": "transport",
            "Экология": "ecology",
            "ЖКХ": "housing",
        },
        categories={
            "Республиканского значения": "republican",
            "Областные центры и города областного значения": "regional",
            "Районные центры": "district",
        },
        periods={
            "Ежедневно": "day",
            "Еженедельно": "week",
            "Ежемесячно": "month",
            "Ежеквартально": "quarter",
            "Ежегодно": "year",
        },
        weights_header="Примечание",
        bands_header="Характеристика",
    ),
    "kk": Words(
        annexes={
            2: 'Қазақстан Республикасында "ақылды" қалаларды дамыту жөніндегі жол картасы',
            3: "Стандартты базалық бастамалардың тізбесі",
            4: '"Ақылды" қала бастамаларын енгізу тиімділігінің негізгі көрсеткіштері',
            5: '"Ақылды қала" бастамаларын жүзеге асыруды бағалау',
        },
        table_end="Аббревиатуралардың толық жазылуы",
        initiative="Бастама: ",
        last_header={2: "Қызмет саласы", 3: "Қажеттілікті бағалау", 4: "Негіздемесі бар қала рейтингіне әсері"},
        yes="иә",
        stage="кезең",
        sections={
            "Қалаларды басқару": "city_management",
            "Қаланы басқару": "city_management",
            "Қауіпсіздік": "safety",
            "Көлік және логистика": "transport",
            "Экология": "ecology",
            "ТҮКШ": "housing",
            "ТКШ": "housing",
        },
        categories={
            "Республикалық маңызы бар қалалар": "republican",
            "Облыс орталықтары мен облыстық маңызы бар қалалар": "regional",
            "Аудан орталықтары": "district",
        },
        periods={
            "Күн сайын": "day",
            "Апта сайын": "week",
            "Ай сайын": "month",
            "Тоқсан сайын": "quarter",
            "Жыл сайын": "year",
        },
        weights_header="Ескертпе",
        bands_header="Мінездеме",
    ),
}
