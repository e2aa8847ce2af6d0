"""The compared frameworks: how each is started, and what it promises."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Final, NamedTuple


class Framework(NamedTuple):
    """A folder of `rivals/`."""

    folder: str
    package: str
    command: tuple[str, ...]
    """After the interpreter; `{job}` and `{state}` are filled in."""
    prepare: tuple[str, ...]
    """What has to run once before; empty: nothing."""
    promise: str

    @property
    def job(self) -> Path:
        """The script."""
        return Path(str(files("tests.bench"))) / "rivals" / self.folder / "job.py"

    def filled(self, command: tuple[str, ...], state: Path) -> tuple[str, ...]:
        """The command with its places."""
        return tuple(part.format(job=self.job, state=state) for part in command)


FRAMEWORKS: Final = (
    Framework(
        "quix_streams",
        "quixstreams",
        ("{job}",),
        (),
        "at least once; identities survive a restart on the same disk; a crash after the sink wrote counts twice",
    ),
    Framework(
        "faust_streaming",
        "faust-streaming",
        ("{job}", "--loop", "uvloop", "worker", "--loglevel", "warn"),
        (),
        "at least once; identities come back from a changelog topic; a crash may count some twice and some never",
    ),
    Framework(
        "bytewax_io",
        "bytewax",
        (
            "-m",
            "bytewax.run",
            "{job}:flow",
            "--recovery-directory",
            "{state}",
            "--snapshot-interval",
            "10",
            "--backup-interval",
            "0",
        ),
        ("-m", "bytewax.recovery", "{state}", "1"),
        "at least once; identities and offsets in snapshots every 10 s; a crash counts what came since then twice",
    ),
)
