"""Passwords of local accounts: argon2id, checked beside the event loop, two at a time."""

from __future__ import annotations

import asyncio
import secrets
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

LEAST: Final = 12
"""Characters."""
MOST: Final = 256
AT_ONCE: Final = 2
"""A check takes 64 MiB and a tenth of a second: a burst of sign-ins must not take the machine."""
_HASHER: Final = PasswordHasher()


def hashed(password: str) -> str:
    """As it is stored, with its own salt and cost."""
    return _HASHER.hash(password)


def generated() -> str:
    """A password that nobody guesses."""
    return secrets.token_urlsafe(15)


class Passwords:
    """Checks passwords, of unknown accounts too: how long it takes must not tell who has one."""

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def right(self, password: str, stored: str | None) -> bool:
        """Whether it is the stored one's; None is nobody's."""
        async with self._slots:
            return await asyncio.to_thread(_right, password, stored or _nobodys()) and stored is not None


def _right(password: str, stored: str) -> bool:
    try:
        return _HASHER.verify(stored, password)
    except (VerifyMismatchError, VerificationError, InvalidHashError):
        return False


@cache
def _nobodys() -> str:
    return hashed(secrets.token_urlsafe(24))
