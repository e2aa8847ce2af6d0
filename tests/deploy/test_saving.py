"""The broker is told to save each second, and less often once a save takes long."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from deploy.stack.broker import keep_saving

# What Mosquitto does at SIGUSR1: write beside the old state, then rename; so slowly as asked for.
SAVER = """
import signal, sys, time
from pathlib import Path

state, takes_s, times = Path(sys.argv[1]), float(sys.argv[2]), 0

def save(*_):
    global times
    times += 1
    time.sleep(takes_s)
    fresh = state.with_suffix(".new")
    fresh.write_text(str(times))
    fresh.replace(state)

signal.signal(signal.SIGUSR1, save)
print("ready", flush=True)
while True:
    time.sleep(0.01)
"""


@pytest.mark.parametrize(("takes_s", "least", "most"), [(0.0, 3, 7), (1.0, 1, 2)])
def test_a_slow_save_is_followed_by_a_long_pause(tmp_path: Path, takes_s: float, least: int, most: int) -> None:
    state = tmp_path / "mosquitto.db"
    argv = [sys.executable, "-c", SAVER, str(state), str(takes_s)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as broker:
        assert broker.stdout
        assert broker.stdout.readline() == "ready\n"
        keeping = threading.Thread(target=keep_saving, args=(os.pidfd_open(broker.pid), state))
        keeping.start()
        time.sleep(6)
        broker.kill()
        keeping.join(10)
    assert not keeping.is_alive(), "it ends with the broker"
    assert least <= int(state.read_text()) <= most
