"""The dashboard's typed client is that of the API as it is."""

from __future__ import annotations

from pathlib import Path

from tests.dashboard.contract import fingerprint

CLIENT = Path("services/dashboard/src/api/schema.ts")


def test_the_client_is_made_from_the_present_api() -> None:
    first = CLIENT.read_text("utf-8").partition("\n")[0]
    assert fingerprint() in first, "the API's types changed: run `make dashboard-client`"
