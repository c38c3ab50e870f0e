"""For all tests: hypothesis judges what is right, never how long it takes on a busy machine."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("gatehouse", deadline=None)
settings.load_profile("gatehouse")
