"""`ahual privacy`: keys are made once, rotated ahead of their time, shared per city, destroyed."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from deploy.privacy import PrivacyFolder
from schemas.personal import city_secret
from services.cli.main import build
from services.ingest.hash_keys import HashKeys

NOW = datetime.now(UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "privacy"


def ahual(folder: Path, *args: str) -> Any:
    env = {"AHUAL_LANG": "en", "AHUAL_PRIVACY_FOLDER": str(folder)}
    return CliRunner().invoke(build("privacy"), ["privacy", *args], env=env)


def listed(folder: Path) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(ahual(folder, "list", "--json").stdout)
    return found


def test_made_once_and_told_where(folder: Path) -> None:
    made = ahual(folder, "init")
    assert made.exit_code == 0, made.output
    for variable in ("AHUAL_PRIVACY_KEYS_FILE", "AHUAL_SEAL_PUBLIC_KEY_FILE"):
        assert variable in made.stdout
    before = PrivacyFolder(folder).hash_keys.read_bytes()
    assert "Nothing was changed" in ahual(folder, "init").stdout
    assert PrivacyFolder(folder).hash_keys.read_bytes() == before
    assert [row["state"] for row in listed(folder)] == ["in_force"]


def test_a_secret_is_never_listed(folder: Path) -> None:
    ahual(folder, "init")
    secret = json.loads(PrivacyFolder(folder).hash_keys.read_text())["keys"][0]["secret"]
    assert secret not in ahual(folder, "list").stdout + ahual(folder, "list", "--json").stdout


def test_rotation_is_ahead_of_its_time(folder: Path) -> None:
    ahual(folder, "init")
    soon = ahual(folder, "rotate", "--from", f"{NOW + timedelta(minutes=30):%Y-%m-%dT%H:%M:%S}")
    assert soon.exit_code == 1
    assert "an hour" in soon.output
    assert ahual(folder, "rotate").exit_code == 0
    assert [row["state"] for row in listed(folder)] == ["in_force", "coming"]
    assert ahual(folder, "rotate", "--from", f"{NOW + timedelta(hours=2):%Y-%m-%dT%H:%M:%S}").exit_code == 1


def test_a_source_gets_its_citys_secret_and_no_more(folder: Path) -> None:
    ahual(folder, "init")
    (key,) = PrivacyFolder(folder).read().keys
    shared = ahual(folder, "share", key.id, "karaganda")
    assert key.secret
    assert base64.b64decode(shared.stdout.splitlines()[0]) == city_secret(key.secret, "karaganda") != key.secret
    assert ahual(folder, "share", "nothing1", "karaganda").exit_code == 1


def test_destroying(folder: Path) -> None:
    place = PrivacyFolder(folder)
    place.init(NOW)
    place.change(lambda keys: keys.with_new(NOW - timedelta(days=500)))
    assert "No key" in ahual(folder, "destroy", "--days", "600").output
    gone, left = (row["id"] for row in listed(folder))
    assert gone in ahual(folder, "destroy").stdout
    assert [row["state"] for row in listed(folder)] == ["destroyed", "in_force"]
    assert ahual(folder, "share", gone, "karaganda").exit_code == 1
    assert ahual(folder, "share", left, "karaganda").exit_code == 0
    assert HashKeys.read(place.hash_keys).keys[0].secret is None


def test_a_missing_or_damaged_file_is_one_sentence(folder: Path) -> None:
    for command in (("list",), ("rotate",), ("destroy",), ("share", "k", "c")):
        refused = ahual(folder, *command)
        assert refused.exit_code == 1
        assert "hash-keys.json" in refused.output
        assert "Traceback" not in refused.output
