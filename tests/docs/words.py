"""How numbers, targets and table heads read in the three languages."""

from __future__ import annotations

from typing import Final

from schemas.catalogue import Category, Period, Target, UpdateLimits
from services.runtime.messages import Language

NONE: Final = "–"
_NARROW: Final = "\u00a0"

HEADS: Final[dict[str, dict[Language, str]]] = {
    "section": {"kk": "Бөлім", "ru": "Раздел", "en": "Section"},
    "weight": {"kk": "Салмағы", "ru": "Вес", "en": "Weight"},
    "initiatives": {"kk": "Бастамалар", "ru": "Инициативы", "en": "Initiatives"},
    "why": {"kk": "Бұйрықтағы негіздемесі", "ru": "Обоснование в приказе", "en": "The order's reason"},
    "number": {"kk": "№", "ru": "№", "en": "No."},
    "initiative": {"kk": "Бастама", "ru": "Инициатива", "en": "Initiative"},
    "all": {"kk": "Барлығы", "ru": "Всего", "en": "All"},
    "wherever": {"kk": "Нысанасы бар барлығы", "ru": "Всюду, где есть цель", "en": "Wherever there is a target"},
    "rating": {"kk": "Рейтинг", "ru": "Рейтинг", "en": "Rating"},
    "from": {"kk": "Басталатын балл", "ru": "Начиная с", "en": "From"},
    "printed": {"kk": "Бұйрықта", "ru": "В приказе", "en": "As printed"},
    "description": {"kk": "Сипаттамасы", "ru": "Характеристика", "en": "Description"},
    "code": {"kk": "Код", "ru": "Код", "en": "Code"},
    "name": {"kk": "Көрсеткіш", "ru": "Показатель", "en": "KPI"},
    "unit": {"kk": "Бірлік", "ru": "Единица", "en": "Unit"},
    "period": {"kk": "Кезең", "ru": "Период", "en": "Period"},
    "source": {"kk": "Дереккөз (жүйе)", "ru": "Источник (система)", "en": "Source (system)"},
    "kpis": {"kk": "Көрсеткіштер", "ru": "Показатели", "en": "KPIs"},
    "kind": {"kk": "Түрі", "ru": "Вид", "en": "Kind"},
    "value": {"kk": "Мәні", "ru": "Значение", "en": "Value"},
    "target": {"kk": "Нысана", "ru": "Цель", "en": "Target"},
    "attainment": {"kk": "Орындалуы", "ru": "Достижение", "en": "Attainment"},
    "version": {"kk": "Әдістеме нұсқасы", "ru": "Версия методики", "en": "Version of the methodology"},
}

SHORT: Final[dict[Category, dict[Language, str]]] = {
    Category.REPUBLICAN: {"kk": "Республикалық", "ru": "Республиканская", "en": "Republican"},
    Category.REGIONAL: {"kk": "Облыстық", "ru": "Областная", "en": "Regional"},
    Category.DISTRICT: {"kk": "Аудандық", "ru": "Районная", "en": "District"},
}

PERIODS: Final[dict[Period, dict[Language, str]]] = {
    Period.DAY: {"kk": "күн", "ru": "день", "en": "day"},
    Period.WEEK: {"kk": "апта", "ru": "неделя", "en": "week"},
    Period.MONTH: {"kk": "ай", "ru": "месяц", "en": "month"},
    Period.QUARTER: {"kk": "тоқсан", "ru": "квартал", "en": "quarter"},
    Period.YEAR: {"kk": "жыл", "ru": "год", "en": "year"},
}

KINDS: Final[dict[str, dict[Language, str]]] = {
    "count": {"kk": "сан", "ru": "число", "en": "count"},
    "sum": {"kk": "қосынды", "ru": "сумма", "en": "sum"},
    "mean": {"kk": "орташа", "ru": "среднее", "en": "mean"},
    "share": {"kk": "үлес", "ru": "доля", "en": "share"},
    "cohort": {"kk": "мерзімі бойынша үлес", "ru": "доля по сроку", "en": "share by due date"},
    "ratio": {"kk": "қатынас", "ru": "отношение", "en": "ratio"},
    "latest": {"kk": "соңғы мәлімет", "ru": "последние сведения", "en": "newest entry"},
    "change": {"kk": "өзгеріс", "ru": "изменение", "en": "change"},
    "spacing": {"kk": "жаңарту аралығы", "ru": "промежуток обновлений", "en": "spacing"},
    "uptime": {"kk": "қолжетімділік уақыты", "ru": "время доступности", "en": "time available"},
    "composite": {"kk": "құрама", "ru": "составной", "en": "composite"},
}

_CHANGES: Final[dict[str, dict[Language, str]]] = {
    "decrease": {"kk": "төмендеу", "ru": "снижение", "en": "fall"},
    "increase": {"kk": "өсу", "ru": "рост", "en": "growth"},
    "no_worse": {"kk": "нашарламауы", "ru": "не хуже", "en": "no worse"},
}
_PARTS: Final[dict[str, dict[Language, str]]] = {
    "safety": {"kk": "қауіпсіздік", "ru": "безопасность", "en": "safety"},
    "housing": {"kk": "ТКШ", "ru": "ЖКХ", "en": "housing"},
    "ecology": {"kk": "экология", "ru": "экология", "en": "ecology"},
    "education": {"kk": "білім беру", "ru": "образование", "en": "education"},
}


def number(value: float, lang: Language, decimals: int = 10) -> str:
    """A number without needless zeros, grouped by thousands from five digits on as the language does."""
    text = f"{round(value, decimals):,.10f}".rstrip("0").rstrip(".").replace("-", "−")
    if abs(value) < 10_000:
        text = text.replace(",", "")
    return text if lang == "en" else text.replace(",", _NARROW).replace(".", ",")


def local(step: str, lang: Language) -> str:
    """A line of arithmetic with the language's decimal mark."""
    return step if lang == "en" else step.replace(".", ",")


def target(of: Target | None, lang: Language) -> str:
    """A target as a table cell; what the order prints as a range stands in brackets behind what is taken of it."""
    if of is None:
        return NONE
    match of.op:
        case ">=" | "<=":
            sign = {">=": "≥", "<=": "≤"}[of.op]
            return f"{sign} {number(of.value, lang)}{_stated(of, lang)}"
        case "between":
            return f"{number(of.low, lang)}–{number(of.high, lang)}"
        case "decrease" | "increase":
            return f"{_CHANGES[of.op][lang]} ≥ {number(of.value, lang)} %{_stated(of, lang)}"
        case "no_worse":
            return _CHANGES[of.op][lang]
        case "each_at_most":
            return _limits(of.value, lang)


def _stated(of: Target, lang: Language) -> str:
    return f" ({'–'.join(number(value, lang) for value in of.stated)})" if of.stated else ""


def _limits(limits: UpdateLimits, lang: Language) -> str:
    return ", ".join(f"{_PARTS[name][lang]} ≤ {number(value, lang)}" for name, value in limits)
