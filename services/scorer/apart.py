"""Cities apart: what is wrong with the data of one is its trouble alone."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from services.runtime.database import DATABASE_ERRORS, is_of_the_data
from services.runtime.metrics import Metrics

log = logging.getLogger(__name__)


@contextmanager
def apart(city: str, what: str, metrics: Metrics) -> Iterator[None]:
    """Say and count that `what` failed for the data of this city, and go on. Other errors are raised: the database is
    away for all cities alike."""
    try:
        yield
    except DATABASE_ERRORS as error:
        if not is_of_the_data(error):
            raise
        log.error(
            "data of a city are damaged, others go on", extra={"city": city, "what": what, "reason": str(error)[:300]}
        )
        metrics.counter("ahual_scorer_city_failed_total").labels(city, what).inc()
