"""What stands between a person and everything behind the gateway: pseudonyms in events, the seal on dead letters."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, Self

from services.ingest.hash_keys import HashKeys
from services.ingest.pseudonyms import Pseudonyms
from services.ingest.seal import Sealer


class Privacy(NamedTuple):
    """Without keys no raw value passes; without a public key nothing of a rejected payload is kept."""

    pseudonyms: Pseudonyms
    sealer: Sealer | None = None

    @classmethod
    def nothing(cls) -> Self:
        """Lets no personal value pass and keeps no payload."""
        return cls(Pseudonyms())

    @classmethod
    def read(cls, hash_keys: Path | None, seal: Path | None) -> Self:
        """Of the two files; KeyFileError says what is wrong with them."""
        return cls(Pseudonyms(HashKeys.read(hash_keys) if hash_keys else None), Sealer.read(seal) if seal else None)
