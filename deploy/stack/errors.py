"""What can go wrong with the local stack, each as one sentence that names the remedy.

StackError
    a tool, a port, a right or space is missing, or a server did not become ready
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.runtime.messages import text


class StackError(Exception):
    """One sentence for the person at the keyboard, from `schemas/messages/stack.yaml`."""

    def __init__(self, key: str, **params: object) -> None:
        self.key = key
        self.params = params
        super().__init__(text(f"stack.{key}", None, **params))


@contextmanager
def plain_errors(folder: Path) -> Iterator[None]:
    """Turn what the operating system refuses (space, rights) into a StackError."""
    try:
        yield
    except OSError as error:
        where = error.filename or folder
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StackError("disk_full", where=where) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise StackError("not_yours", where=where) from error
        raise
