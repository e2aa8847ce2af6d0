"""Ports: away from the standard ones, and a sentence when one is taken."""

from __future__ import annotations

import socket

import pytest
from pydantic import ValidationError

from deploy.stack.errors import StackError
from deploy.stack.ports import Ports, require_free

STANDARD = {1883, 8883, 9092, 9093, 5432, 8080, 80, 443}


def test_no_port_is_a_standard_one_or_used_twice() -> None:
    for ports in (Ports(), Ports.test()):
        values = list(ports.model_dump().values())
        assert len(set(values)) == len(values)
        assert not STANDARD & set(values)
    assert not set(Ports().model_dump().values()) & set(Ports.test().model_dump().values())


def test_a_port_moves_by_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AHUAL_PORT_KAFKA", "39092")
    assert Ports().kafka == 39092
    monkeypatch.setenv("AHUAL_PORT_KAFKA", "70000")
    with pytest.raises(ValidationError):
        Ports()


def test_a_taken_port_names_port_holder_and_remedy() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(StackError) as refused:
            require_free(Ports(kafka=port), ["kafka"])
    assert str(port) in str(refused.value)
    assert "pid" in str(refused.value)
    assert "AHUAL_PORT_KAFKA" in str(refused.value)


def test_a_free_port_passes() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    require_free(Ports(kafka=port), ["kafka"])
