"""Hash keys for tests: fixed, so that what they make can be written down."""

from __future__ import annotations

from services.ingest.hash_keys import BEGINNING, HashKey, HashKeys
from services.ingest.pseudonyms import Pseudonyms

HASH_KEYS = HashKeys(keys=(HashKey(id="k2026a", valid_from=BEGINNING, secret=bytes(range(32))),))
PSEUDONYMS = Pseudonyms(HASH_KEYS)
