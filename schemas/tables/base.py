"""What every table is declared in, and the words they share."""

from __future__ import annotations

from typing import Final, Literal

import sqlalchemy as sa

metadata: Final = sa.MetaData()

REVISION: Final = "0018"
"""The newest migration, which these tables are the result of."""

Tier = Literal["minute", "hour", "day"]
