"""A catalogue with more KPIs than the order's: copies of the contact centre's, so that its events feed them all."""

from __future__ import annotations

import time
from itertools import count, cycle, islice

from schemas.catalogue import Catalogue, Kpi
from services.cityscore.catalogue import load_catalogue
from services.runtime.clock import utc_now
from services.scorer.decoding import RecordDecoder
from services.scorer.fold import fold
from services.scorer.measures import compile_measures
from services.scorer.types import City, Record
from tests.bench.backlog import Order, records_of

INITIATIVE = 2
BATCH = 5000


def catalogue_of(kpis: int) -> Catalogue:
    """The order's catalogue, and copies up to this many KPIs."""
    catalogue = load_catalogue()
    known = sum(len(initiative.kpis) for initiative in catalogue.initiatives)
    initiatives = tuple(
        initiative.model_copy(update={"kpis": (*initiative.kpis, *_copies(initiative.kpis, kpis - known))})
        if initiative.number == INITIATIVE
        else initiative
        for initiative in catalogue.initiatives
    )
    return catalogue.model_copy(update={"initiatives": initiatives})


def _copies(kpis: tuple[Kpi, ...], wanted: int) -> list[Kpi]:
    numbers = count(len(kpis) + 1)
    return [
        kpi.model_copy(update={"code": f"{INITIATIVE}.{next(numbers)}"}) for kpi in islice(cycle(kpis), max(0, wanted))
    ]


def fold_cost(catalogue: Catalogue, batches: int = 20) -> tuple[float, float, int]:
    """Microseconds of CPU per event to decode and to fold in memory, and parts per batch of 5,000."""
    compiled, decoder = compile_measures(catalogue), RecordDecoder()
    cities = {"bench": City("bench", "regional", "Asia/Almaty", 0)}
    sent = list(records_of(Order(BATCH * batches), 1, {}))
    records = [Record(offset, record.body) for offset, record in enumerate(sent)]
    decoding = folding = 0.0
    parts = 0
    for place in range(0, len(records), BATCH):
        began = time.process_time()
        decoded, rejected = decoder.decode(records[place : place + BATCH], cities)
        done = time.process_time()
        folded = fold(decoded, compiled, cities, utc_now())
        folding += time.process_time() - done
        decoding += done - began
        parts += len(folded.parts)
        assert not rejected
    return 1e6 * decoding / len(records), 1e6 * folding / len(records), parts // batches
