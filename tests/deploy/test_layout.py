"""Where things lie, and what paths are refused."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from deploy.stack.errors import StackError, plain_errors
from deploy.stack.layout import Layout, require_space
from deploy.stack.passwords import Passwords, mosquitto_hash


def test_two_stacks_share_downloads_and_nothing_else(tmp_path: Path) -> None:
    one, other = Layout.of(tmp_path / ".stack"), Layout.of(tmp_path / ".stack-test")
    assert one.cache == other.cache
    assert one.unpacked == other.unpacked
    assert {one.run, one.postgres, one.secrets}.isdisjoint({other.run, other.postgres, other.secrets})


def test_a_long_path_with_spaces_still_gives_a_short_socket_folder(tmp_path: Path) -> None:
    layout = Layout.of(tmp_path / ("a city " * 20) / "қала" / ".stack")
    assert len(os.fsencode(layout.run / "supervisor.sock")) < 100


@pytest.mark.parametrize("name", ['say "hi"', "a;b", "a #b", "50%", "a:b", "a\nb", "[x]"])
def test_a_path_that_configurations_cannot_hold_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(StackError) as refused:
        Layout.of(tmp_path / name / ".stack")
    assert refused.value.key == "awkward_path"


def test_a_link_planted_in_place_of_the_socket_folder_is_refused(tmp_path: Path) -> None:
    layout = Layout.of(tmp_path / ".stack")
    layout.run.symlink_to(tmp_path)
    try:
        with pytest.raises(StackError) as refused:
            layout.make()
    finally:
        layout.run.unlink()
    assert refused.value.key == "not_yours"


def test_too_little_space_says_how_much(tmp_path: Path) -> None:
    require_space(tmp_path, 0)
    with pytest.raises(StackError, match="999999999 MB are needed"):
        require_space(tmp_path, 999_999_999)


@pytest.mark.parametrize(
    ("number", "key"),
    [(errno.ENOSPC, "disk_full"), (errno.EDQUOT, "disk_full"), (errno.EACCES, "not_yours"), (errno.EROFS, "not_yours")],
)
def test_what_the_system_refuses_becomes_one_sentence(tmp_path: Path, number: int, key: str) -> None:
    with pytest.raises(StackError) as refused, plain_errors(tmp_path):
        raise OSError(number, "no", str(tmp_path / "file"))
    assert refused.value.key == key
    assert str(tmp_path / "file") in str(refused.value)


def test_passwords_are_made_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "secrets.env"
    made = Passwords.load(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert Passwords.load(path) == made
    assert Passwords.load(tmp_path / "other.env") != made
    assert made.of_device("almaty/109/a") == made.of_device("almaty/109/a") != made.of_device("almaty/109/b")


def test_mosquitto_hash_has_the_brokers_form() -> None:
    kind, iterations, salt, derived = mosquitto_hash("secret", b"123456789012")[1:].split("$")
    assert (kind, iterations, salt, len(derived)) == ("7", "101", "MTIzNDU2Nzg5MDEy", 88)
