"""Requests made up from the intake's OpenAPI description, valid and invalid: no 5xx, every answer is as described."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from services.ingest.keys import NewKey
from tests.api.test_openapi_fuzz import CHECKS
from tests.ingest.conftest import GatewayProcess
from tests.ingest.test_intake import key

__all__ = ["key"]
pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]


async def test_made_up_requests_are_answered_as_described(gateway: GatewayProcess, key: NewKey, tmp_path: Path) -> None:
    command = [str(Path(sys.executable).parent / "schemathesis"), "run", f"{gateway.url}/openapi.json"]
    options = ["--checks", CHECKS, "--max-examples", "15", "--seed", "1", "--phases", "examples,coverage,fuzzing"]
    options += ["-H", f"Authorization: Bearer {key.text}", "--generation-database", "none", "--no-color"]
    done = await asyncio.to_thread(
        subprocess.run, [*command, *options], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
