"""Where the local stack keeps what: its private folder, the shared downloads, and what must live elsewhere."""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.stack.errors import StackError

# Each of these is syntax to one of the programs whose configuration names a path.
_AWKWARD: Final = frozenset("\"'\\;#:%$[]*?,\n\r\t")


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths of one stack: its private folder, and the downloads (jars, Debian packages), which stacks may share."""

    folder: Path
    cache: Path

    @classmethod
    def of(cls, folder: Path, cache: Path | None = None) -> Layout:
        """The layout of a folder, downloads beside it; StackError when configuration files cannot hold the path."""
        absolute = folder.expanduser().absolute()
        downloads = cache.expanduser().absolute() if cache else absolute.parent / ".stack-cache"
        for path in (absolute, downloads, Path(sys.prefix)):
            if _AWKWARD & set(str(path)):
                raise StackError("awkward_path", where=path, characters=" ".join(sorted(_AWKWARD & set(str(path)))))
        return cls(absolute, downloads)

    @property
    def run(self) -> Path:
        """A short folder for unix sockets, whose paths may have about 100 characters."""
        return Path("/tmp") / f"ahual-{os.geteuid()}-{_digest(self.folder)}"  # noqa: S108 -- owner checked in make()

    @property
    def secrets(self) -> Path:
        """The generated passwords, readable by their owner only."""
        return self.folder / "secrets.env"

    @property
    def account(self) -> str | None:
        """The system account that PostgreSQL runs as; None: the one we are."""
        if os.geteuid() != 0:
            return None
        known = {entry.pw_name for entry in pwd.getpwall()}
        return "postgres" if "postgres" in known else "nobody"

    @property
    def unpacked(self) -> Path:
        """The unpacked Debian packages; as root where PostgreSQL's account can read them."""
        return self.cache / "debian" if self.account is None else _var_lib(self.cache) / "debian"

    @property
    def postgres(self) -> Path:
        """PostgreSQL's data; as root outside the folder, which its account may be unable to reach."""
        return self.folder / "postgres" if self.account is None else _var_lib(self.folder) / "postgres"

    @property
    def disks(self) -> tuple[Path, ...]:
        """Where each server keeps what grows."""
        return self.folder / "kafka", self.folder / "mosquitto", self.postgres.parent

    def make(self) -> None:
        """Create the folders, and refuse to work in somebody else's."""
        for path in (self.folder, self.cache, self.folder / "logs"):
            path.mkdir(parents=True, exist_ok=True)
        self.run.mkdir(mode=0o700, exist_ok=True)
        for path in (self.folder, self.cache, self.run):
            # Anybody may put a link into /tmp.
            planted = path == self.run and path.is_symlink()
            if planted or path.stat().st_uid != os.geteuid():
                raise StackError("not_yours", where=path)

    def log(self, program: str) -> Path:
        """Where a program's output goes."""
        return self.folder / "logs" / f"{program}.log"


def require_space(path: Path, megabytes: int) -> None:
    """StackError when the disk of `path` has less than this left."""
    free = shutil.disk_usage(path).free // 1_000_000
    if free < megabytes:
        raise StackError("little_space", where=path, needed=megabytes, free=free)


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:10]


def _var_lib(path: Path) -> Path:
    return Path("/var/lib") / f"ahual-{_digest(path)}"
