"""The pages of docs/systems are those of the contracts, and the line they offer is an event the gateway takes."""

from __future__ import annotations

import re
import subprocess
from datetime import UTC, datetime

import pytest

from schemas.identity import Identity
from services.ingest.validation import Accepted, Limits, accept
from tests.docs.system_blocks import DEMO_CITY, systems
from tests.docs.systems import FOLDER, index, page, regenerated
from tests.keys import PSEUDONYMS

BLOCK = re.compile(r"```sh\n(?P<shell>.*?)```", re.DOTALL)
STUB = 'mosquitto_pub() { printf %s "${@: -1}"; }\n'
PUBLISHES = [system for system in systems() if BLOCK.search(page(system).read_text("utf-8"))]


@pytest.mark.parametrize("system", systems())
def test_a_page_is_up_to_date(system: str) -> None:
    document = page(system).read_text("utf-8")
    assert document == regenerated(document, system), "run `make docs`"


def test_the_index_is_up_to_date_and_no_page_is_an_orphan() -> None:
    readme = (FOLDER / "README.md").read_text("utf-8")
    assert readme == index(readme), "run `make docs`"
    assert {path.stem for path in FOLDER.glob("*.md")} == {"README", *systems()}


@pytest.mark.parametrize("system", PUBLISHES)
def test_the_line_publishes_an_event_that_is_accepted(system: str) -> None:
    found = BLOCK.search(page(system).read_text("utf-8"))
    assert found is not None
    shell = "\n".join(line for line in found["shell"].splitlines() if not line.startswith((". ", "PASSWORD=")))
    ran = subprocess.run(["bash", "-c", STUB + shell], capture_output=True, check=True)
    visitor, now = Identity(DEMO_CITY, system, "visitor"), datetime.now(UTC)
    (outcome,) = accept(visitor, ran.stdout, now, Limits(), pseudonyms=PSEUDONYMS)
    assert isinstance(outcome, Accepted), outcome
