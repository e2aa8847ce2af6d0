"""One pass of the export as `ahual export` makes it, at a stated moment, so that a test can kill it anywhere."""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime

from services.cli.settings import load
from services.export.main import run_once
from services.export.settings import ExportSettings

if __name__ == "__main__":
    at = datetime.fromisoformat(sys.argv[1])
    settings = load(ExportSettings)
    sys.stdout.write("begins\n")
    sys.stdout.flush()
    asyncio.run(run_once(settings, lambda: at))
