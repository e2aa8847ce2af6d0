"""Channels of NOTIFY."""

from __future__ import annotations

from typing import Final

CHANNEL_PARTS: Final = "ahual_parts"
"""NOTIFY channel of the scorers' batches; the payload is the city."""

CHANNEL_DEVICES: Final = "ahual_devices"
"""NOTIFY channel of changed device credentials; no payload."""

CHANNEL_CITYSCORE: Final = "ahual_cityscore"
"""NOTIFY channel of stored scores; the payload is `{city}:{revision}`."""
