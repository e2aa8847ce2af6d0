"""A KPI of a city's own goes live in a running installation, counts, and goes again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
import yaml

from deploy.stack import Stack
from schemas.identity import Identity
from services.runtime.clock import utc_now
from tests.cityscore.small import initiative, kpi
from tests.installation import Installation, services_on
from tests.publishing import publish_all
from tests.scorer.events import answered
from tests.waiting import eventually

pytestmark = pytest.mark.stack

COUNTED = {"kind": "count", "numerator": [{"event": "any"}]}
OWN = initiative(17, "ecology", [kpi("17.1", {"op": ">=", "value": 1}, measure=COUNTED)], levels={})


@pytest.fixture
def installation(stack: Stack, tmp_path: Path) -> Iterator[Installation]:
    with services_on(stack, settings={"AHUAL_CATALOGUE_FOLDER": str(tmp_path)}) as running:
        yield running


async def test_a_file_in_the_folder_is_live(installation: Installation, tmp_path: Path) -> None:
    base = f"{installation.api}/api/v1/cities/{installation.city}"
    async with httpx2.AsyncClient(trust_env=False, verify=installation.stack.client_tls() or True) as client:

        async def status() -> int:
            return (await client.get(f"{base}/kpis/17.1")).status_code

        async def gone() -> bool:
            return await status() == 404

        async def scored() -> bool:
            answer = await client.get(f"{base}/kpis/17.1")
            return answer.status_code == 200 and answer.json()["state"] is not None

        await eventually(gone)
        (tmp_path / "river.yaml").write_text(yaml.safe_dump(OWN), "utf-8")
        await eventually(scored, within_s=60)
        state = (await client.get(f"{base}/kpis/17.1")).json()["state"]
        assert (state["max_points"], state["freshness"]) == (0.0, "missing")

        async def counted() -> bool:
            return (await installation.snapshot(client)).kpis["17.1"].value == 1.0

        device = Identity(installation.city, "contact-centre", "pbx-1")
        password = installation.passwords([device])[device]
        now = utc_now().isoformat()
        call = answered(now, now, city=installation.city)
        await publish_all(installation.stack.ports.mqtt, str(device), password, [call])
        await eventually(counted, within_s=30)
        (tmp_path / "river.yaml").unlink()
        await eventually(gone, within_s=30)
