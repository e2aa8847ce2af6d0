"""What `ahual simulate` says to whoever asks it for something that is not there."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner, Result

from services.cli.main import build


def run(*arguments: str) -> Result:
    return CliRunner().invoke(build("simulate"), ["simulate", *arguments], env={"COLUMNS": "200"})


def test_help_lists_every_way_to_simulate() -> None:
    shown = run("--help")
    assert shown.exit_code == 0
    for option in ("--system", "--history", "--realtime", "--rate", "--fault", "--scenario", "--truth", "--verify"):
        assert option in shown.output


@pytest.mark.parametrize(
    "arguments",
    [
        ("--city", "atlantis"),
        ("--system", "spaceport"),
        ("--fault", "lightning"),
        ("--fault", "lateness=7"),
        ("--scenario", "flood"),
        ("--scenario", "smog=yesterday"),
        ("--history", "3 weeks"),
    ],
)
def test_what_is_not_there_is_named_in_one_sentence(arguments: tuple[str, str]) -> None:
    refused = run(*arguments)
    assert refused.exit_code == 2
    assert len(refused.output.strip().splitlines()) == 1
    assert "Traceback" not in refused.output
