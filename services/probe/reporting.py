"""From the spool to the HTTP intake; an event leaves the spool once the intake has given it its answer."""

from __future__ import annotations

import json
import logging
from typing import Any, Final

import httpx2

from services.probe.errors import RefusedError
from services.probe.settings import ProbeSettings
from services.probe.spool import Spool

log = logging.getLogger(__name__)
BATCH: Final = 500
BATCH_TYPE: Final = "application/cloudevents-batch+json"
ANSWERED: Final = (200, 207, 422)
"""Each event has its own answer; what was rejected lies with the dead letters."""
LATER: Final = (429, 503)


class Reporter:
    """Sends what waits. The same event sent twice counts once: it has an id and a time of its own."""

    def __init__(self, settings: ProbeSettings, spool: Spool, client: httpx2.AsyncClient) -> None:
        self._address = settings.probe_intake.rstrip("/") + "/v1/events"
        self._headers = {
            "Authorization": f"Bearer {settings.probe_key.get_secret_value()}",
            "Content-Type": BATCH_TYPE,
        }
        self._spool = spool
        self._client = client

    async def send(self) -> bool:
        """Send one batch, if there is one; whether more may follow at once.

        RefusedError when the intake takes nothing from us; httpx2.HTTPError when it is away.
        """
        waiting = self._spool.first(BATCH)
        if not waiting:
            return False
        body = json.dumps([event.body for event in waiting], ensure_ascii=False).encode()
        answer = await self._client.post(self._address, content=body, headers=self._headers)
        if answer.status_code in LATER:
            return False
        if answer.status_code not in ANSWERED:
            raise RefusedError(answer.status_code, answer.text[:300])
        for item in answer.json()["items"]:
            _tell(item)
        self._spool.drop(waiting[-1].number)
        return len(waiting) == BATCH


def _tell(item: dict[str, Any]) -> None:
    if item["status"] != "accepted":
        log.error("an observation was rejected", extra={key: item.get(key) for key in ("id", "reason", "detail")})
