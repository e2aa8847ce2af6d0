"""Is the public page to be had? Asked as a resident would: a new connection each time, the page and its figures."""

from __future__ import annotations

import asyncio
import ssl
import time
from typing import Final, NamedTuple
from urllib.parse import urljoin

import httpx2

END: Final = "</html>"


class Seen(NamedTuple):
    """One look."""

    good: bool
    """The page and the figures it shows answered, completely and in time."""
    status: int | None
    """Of the first answer that was not good, else the page's; None when there was none."""
    answered_ms: int | None


async def look(page: str, city: str, timeout_s: float, tls: ssl.SSLContext | bool) -> Seen:
    """Ask for the page and for the score that it shows. Never raises: not to be had is an observation too."""
    began = time.monotonic()
    status = None
    try:
        async with asyncio.timeout(timeout_s), httpx2.AsyncClient(verify=tls, trust_env=False, timeout=None) as client:
            for address, whole in ((page, _whole_page), (_score(page, city), _is_json)):
                answer = await client.get(address)
                if status is None or answer.status_code != httpx2.codes.OK:
                    status = answer.status_code
                if answer.status_code != httpx2.codes.OK or not whole(answer):
                    return Seen(False, status, _since(began))
    except (httpx2.HTTPError, OSError, TimeoutError):
        return Seen(False, status, None)
    return Seen(True, status, _since(began))


def _score(page: str, city: str) -> str:
    return urljoin(page, f"/api/v1/cities/{city}/cityscore")


def _whole_page(answer: httpx2.Response) -> bool:
    return answer.text.rstrip().endswith(END)


def _is_json(answer: httpx2.Response) -> bool:
    return answer.headers.get("content-type", "").startswith("application/json")


def _since(began: float) -> int:
    return round(1000 * (time.monotonic() - began))
