"""What is written for the servers and for the supervisor."""

from __future__ import annotations

import shlex
from configparser import ConfigParser
from pathlib import Path

import pytest
from supervisor.datatypes import dict_of_key_value_pairs  # type: ignore[import-untyped]  # it ships no types

from deploy.stack import kafka, mosquitto, postgres
from deploy.stack.ports import Ports
from deploy.stack.program import Program
from schemas import yaml_text

MESSAGES = Path(__file__).parents[2] / "schemas" / "messages"


def test_kafka_listens_on_loopback_and_makes_no_topics_by_itself() -> None:
    lines = kafka.render(Ports(kafka=1234, kafka_controller=1235)).splitlines()
    assert "listeners=BROKER://127.0.0.1:1234,CONTROLLER://127.0.0.1:1235" in lines
    assert "auto.create.topics.enable=false" in lines


def test_postgres_keeps_what_it_acknowledged() -> None:
    config = postgres.render(Ports(postgres=1234))["postgresql.conf"].splitlines()
    assert {"fsync = on", "synchronous_commit = on", "full_page_writes = on", "jit = off", "port = 1234"} <= set(config)
    assert "listen_addresses = '127.0.0.1'" in config


def test_mosquitto_listens_on_loopback_and_knows_nobody_without_account() -> None:
    lines = mosquitto.render(Ports(mqtt=1234, mqtt_internal=1235)).splitlines()
    assert [line for line in lines if line.startswith("listener")] == [
        "listener 1235 127.0.0.1",
        "listener 1234 127.0.0.1",
    ]
    assert "allow_anonymous false" in lines


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('java version "1.8.0_392"', 8),
        ('openjdk version "21"', 21),
        ("", 0),
    ],
)
def test_java_version(said: str, version: int) -> None:
    assert kafka.java_version(said) == version


def test_a_program_survives_spaces_quotes_and_percents(tmp_path: Path) -> None:
    env = {"AHUAL_X": 'a "b" 5%, c=d', "AHUAL_URL": "postgresql+asyncpg://a:b@127.0.0.1:1/a"}
    program = Program("x", ("/a b/run", "it's", "50%"), env=env, cwd=Path("/a b"))
    parser = ConfigParser(interpolation=None)
    parser.read_string(program.section(tmp_path / "x.log"))
    section = {name: value.replace("%%", "%") for name, value in parser["program:x"].items()}
    assert tuple(shlex.split(section["command"])) == program.argv
    assert section["directory"] == "/a b"
    assert dict_of_key_value_pairs(section["environment"]) == env
    assert section["killasgroup"] == "true"
    for awkward in ("a\"'b", "'a'", "a\nb"):
        with pytest.raises(ValueError, match="quotes"):
            Program("x", ("run",), env={"AHUAL_X": awkward}).section(tmp_path)


@pytest.mark.parametrize("name", ["stack", "bootstrap"])
def test_every_text_has_three_languages_and_the_same_placeholders(name: str) -> None:
    for key, texts in yaml_text.parse((MESSAGES / f"{name}.yaml").read_text("utf-8")).items():
        assert set(texts) == {"kk", "ru", "en"}, key
        assert len({frozenset(p.split("}")[0] for p in t.split("{")[1:]) for t in texts.values()}) == 1, key
