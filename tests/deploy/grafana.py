"""What Grafana does with a query before it sends it: macros of its PostgreSQL source (TimescaleDB on), variables."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

Variables = Mapping[str, str | Sequence[str]]


def expanded(query: str, begin: datetime, end: datetime, interval: timedelta, variables: Variables) -> str:
    """The query as the database or Prometheus gets it; ValueError names what nobody expands."""
    seconds = max(1, round(interval.total_seconds()))
    plain = {
        "__interval_ms": str(1000 * seconds),
        "__interval": f"{seconds}s",
        "__rate_interval": f"{4 * seconds}s",
        **{name: value for name, value in variables.items() if isinstance(value, str)},
    }
    query = re.sub(r"\$\{(\w+):sqlstring\}", lambda found: _sqlstring(variables[found[1]]), query)
    query = re.sub(r"\$__timeFilter\(([^)]+)\)", lambda f: f"{f[1]} BETWEEN {_moment(begin)} AND {_moment(end)}", query)
    query = re.sub(r"\$__timeGroupAlias\(([^,]+), *'(\w+)'\)", r"time_bucket('\2', \1) AS \"time\"", query)
    query = re.sub(r"\$(?:\{(\w+)\}|(\w+))", lambda found: plain[found[1] or found[2]], query)
    if "$" in query:
        raise ValueError(query)
    return query.replace('\\"', '"')


def _sqlstring(value: str | Sequence[str]) -> str:
    values = [value] if isinstance(value, str) else value
    return ",".join("'" + one.replace("'", "''") + "'" for one in values)


def _moment(at: datetime) -> str:
    return f"'{at.astimezone(UTC).isoformat().replace('+00:00', 'Z')}'"
