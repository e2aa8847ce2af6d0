"""The key file: who holds when, what rotation and destruction leave."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.privacy import PrivacyFolder
from services.ingest.errors import KeyFileError
from services.ingest.hash_keys import BEGINNING, LEAD, HashKeys

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def test_the_first_key_holds_for_all_times_before_it() -> None:
    (key,) = HashKeys().with_new(NOW).keys
    assert key.valid_from == BEGINNING


def test_a_new_key_comes_into_force_when_every_gateway_knows_it() -> None:
    keys = HashKeys().with_new(NOW).with_new(NOW)
    assert keys.keys[1].valid_from == NOW + DAY
    assert HashKeys().with_new(NOW).with_new(NOW, NOW + LEAD).keys[1].valid_from == NOW + LEAD
    with pytest.raises(ValueError, match="too_soon"):
        keys.with_new(NOW, NOW + LEAD - timedelta(seconds=1))
    with pytest.raises(ValueError, match="not_last"):
        keys.with_new(NOW, NOW + LEAD)


def test_states() -> None:
    keys = HashKeys().with_new(NOW).with_new(NOW).with_new(NOW + 2 * DAY)
    assert [keys.state(key, NOW) for key in keys.keys] == ["in_force", "coming", "coming"]
    assert [keys.state(key, NOW + 2 * DAY) for key in keys.keys] == ["past", "in_force", "coming"]
    gone = keys.destroyed(NOW + 40 * DAY, 38 * DAY)
    assert [gone.state(key, NOW + 40 * DAY) for key in gone.keys] == ["destroyed", "past", "in_force"]


def test_destroying_takes_only_what_ended_long_ago_and_remembers_that_it_was() -> None:
    keys = HashKeys().with_new(NOW).with_new(NOW)
    ended = keys.keys[1].valid_from
    assert keys.destroyed(ended + 400 * DAY, 400 * DAY) == keys
    first, second = keys.destroyed(ended + 401 * DAY, 400 * DAY).keys
    assert (first.id, first.valid_from, first.secret) == (keys.keys[0].id, BEGINNING, None)
    assert first.destroyed_at == ended + 401 * DAY
    assert second == keys.keys[1], "the newest never ends"


def test_the_folder_makes_what_is_missing_and_changes_nothing_else(tmp_path: Path) -> None:
    place = PrivacyFolder(tmp_path / "privacy")
    assert place.init(NOW)
    before = {path.name: path.read_bytes() for path in place.folder.iterdir()}
    assert not place.init(NOW)
    assert {path.name: path.read_bytes() for path in place.folder.iterdir()} == before
    for secret in (place.hash_keys, place.seal_private):
        assert secret.stat().st_mode & 0o077 == 0, "nobody else reads it"
    changed = place.change(lambda keys: keys.with_new(NOW))
    assert place.read() == changed
    assert len(changed.keys) == 2


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}x",
        '{"keys":[{"id":"k001","valid_from":"1970-01-01T00:00:00Z","secret":"c2hvcnQ="}]}',
        '{"keys":[{"id":"k001","valid_from":"1970-01-01T00:00:00Z","typo":1}]}',
        '{"keys":[{"id":"k001","valid_from":"1970-01-01T00:00:00Z"},{"id":"k002","valid_from":"1970-01-01T00:00:00Z"}]}',
        '{"keys":[{"id":"k001","valid_from":"1970-01-01T00:00:00Z"},{"id":"k001","valid_from":"1971-01-01T00:00:00Z"}]}',
    ],
)
def test_a_damaged_file_is_named_and_not_quoted(tmp_path: Path, content: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(content)
    with pytest.raises(KeyFileError, match=r"keys\.json") as caught:
        HashKeys.read(path)
    assert "c2hvcnQ=" not in str(caught.value)
    with pytest.raises(KeyFileError, match="No such file"):
        HashKeys.read(tmp_path / "none.json")
