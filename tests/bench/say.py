"""Printing: tables to the output, what goes on to the error stream."""

from __future__ import annotations

from typing import Final

from rich.console import Console

say: Final = Console(highlight=False, soft_wrap=True, markup=False).print
tell: Final = Console(stderr=True, highlight=False, soft_wrap=True, markup=False, style="dim").print
