"""The methodology of order No. 469/НҚ as pure functions over the catalogue: annex 5, and what explains it."""

from services.cityscore.attainment import UpdateIntervals, Value, attainment
from services.cityscore.catalogue import load_catalogue
from services.cityscore.errors import CatalogueError, InputError
from services.cityscore.index import score, score_with
from services.cityscore.policy import Policy
from services.cityscore.result import KpiScore, Score, SectionScore
from services.cityscore.rubric import Rubric, Rubrics

__all__ = [
    "CatalogueError",
    "InputError",
    "KpiScore",
    "Policy",
    "Rubric",
    "Rubrics",
    "Score",
    "SectionScore",
    "UpdateIntervals",
    "Value",
    "attainment",
    "load_catalogue",
    "score",
    "score_with",
]
