"""The folder in which an installation's hash keys and seal are made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from deploy.files import locked, write_private
from services.ingest.hash_keys import HashKeys
from services.ingest.seal import new_pair


@dataclass(frozen=True, slots=True)
class PrivacyFolder:
    """Hash keys and the public half of the seal are the gateways'; the private half is an administrator's alone."""

    folder: Path

    @property
    def hash_keys(self) -> Path:
        """`AHUAL_PRIVACY_KEYS_FILE`."""
        return self.folder / "hash-keys.json"

    @property
    def seal_public(self) -> Path:
        """`AHUAL_SEAL_PUBLIC_KEY_FILE`."""
        return self.folder / "seal.pub.pem"

    @property
    def seal_private(self) -> Path:
        """`AHUAL_SEAL_PRIVATE_KEY_FILE`; belongs somewhere else than the gateways."""
        return self.folder / "seal.key.pem"

    def init(self, now: datetime) -> bool:
        """Make what is missing; False when all was there. What is there never changes."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = False
        with locked(self.folder / "lock"):
            if not self.hash_keys.exists():
                self._write(HashKeys().with_new(now))
                made = True
            if not self.seal_public.exists():
                private, public = new_pair()
                write_private(self.seal_private, private)
                write_private(self.seal_public, public, 0o644)
                made = True
        return made

    def read(self) -> HashKeys:
        """The hash keys; KeyFileError when there are none, or the file is damaged."""
        return HashKeys.read(self.hash_keys)

    def change(self, change: Callable[[HashKeys], HashKeys]) -> HashKeys:
        """Change the hash keys in one step."""
        self.read()
        with locked(self.folder / "lock"):
            changed = change(self.read())
            self._write(changed)
        return changed

    def _write(self, keys: HashKeys) -> None:
        write_private(self.hash_keys, keys.model_dump_json(indent=1, exclude_none=True) + "\n")
