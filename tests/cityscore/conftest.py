"""Property tests without a deadline: a busy machine is not a mistake."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("ahual", deadline=None)
settings.load_profile("ahual")
