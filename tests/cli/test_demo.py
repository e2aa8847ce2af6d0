"""However the demo ends, what it started is stopped."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

# A stack that says when it is stopped, in a process of its own, because signals belong to a whole process.
DEMO = """
import time
from rich.console import Console
from services.cli.demo import stopped_at_the_end

class Recorder:
    def status(self):
        return ["postgres"]

    def down(self):
        print("down", flush=True)
        time.sleep(0.5)
        print("all down", flush=True)

with stopped_at_the_end(Recorder(), Console(stderr=True)):
    print("up", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_every_ordinary_end_stops_the_stack_and_is_not_interrupted_itself(number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", DEMO], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as demo:
        assert demo.stdout
        assert demo.stdout.readline() == "up\n"
        demo.send_signal(number)
        assert demo.stdout.readline() == "down\n"
        demo.send_signal(number)
        assert demo.stdout.readline() == "all down\n"
        assert demo.wait(10) == 0


def test_an_error_stops_the_stack_too() -> None:
    failing = DEMO.replace("time.sleep(60)", "raise LookupError")
    done = subprocess.run([sys.executable, "-c", failing], capture_output=True, text=True, check=False)
    assert done.stdout.split("\n")[:3] == ["up", "down", "all down"]
    assert done.returncode == 1
