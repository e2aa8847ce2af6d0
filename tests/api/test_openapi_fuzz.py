"""Requests made up from the OpenAPI description, valid and invalid: no 5xx, and every answer is as described."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from tests.api.conftest import Api

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


async def test_made_up_requests_are_answered_as_described(api: Api, tmp_path: Path) -> None:
    command = [str(Path(sys.executable).parent / "schemathesis"), "run", f"{api.url}/api/v1/openapi.json"]
    options = ["--checks", CHECKS, "--max-examples", "25", "--seed", "1", "--phases", "examples,coverage,fuzzing"]
    # A live stream has no end.
    endless = ["--exclude-path-regex", "/events$", "--generation-database", "none", "--no-color"]
    done = await asyncio.to_thread(
        subprocess.run, [*command, *options, *endless], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
