"""Units of KPI values: the code used in the catalogue, and what a reader sees in each language."""

from __future__ import annotations

from typing import Final

UNITS: Final[dict[str, dict[str, str]]] = {
    "percent": {"kk": "%", "ru": "%", "en": "%"},
    "s": {"kk": "сек", "ru": "сек", "en": "s"},
    "min": {"kk": "мин", "ru": "мин", "en": "min"},
    "h": {"kk": "сағ", "ru": "ч", "en": "h"},
    "day": {"kk": "күн", "ru": "дн", "en": "days"},
    "count": {"kk": "дана", "ru": "шт", "en": "count"},
    "score_5": {"kk": "5-тен балл", "ru": "балл из 5", "en": "out of 5"},
    "score_10": {"kk": "10-нан балл", "ru": "балл из 10", "en": "out of 10"},
    "km_h": {"kk": "км/сағ", "ru": "км/ч", "en": "km/h"},
    "per_1000": {"kk": "1000-ға", "ru": "на 1000", "en": "per 1,000"},
    "per_10000": {"kk": "10 000-ға", "ru": "на 10 000", "en": "per 10,000"},
    "per_million": {"kk": "1 млн-ға", "ru": "на 1 млн", "en": "per million"},
    "per_100_km": {"kk": "100 км-ге", "ru": "на 100 км", "en": "per 100 km"},
    "percent_change": {"kk": "өзгеріс, %", "ru": "изменение, %", "en": "change, %"},
    "hours_by_category": {"kk": "санат бойынша сағ", "ru": "ч по категориям", "en": "h by category"},
}
