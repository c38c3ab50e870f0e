"""The guard's screen in Chromium: `page_ready`, `page_kb`, `page_kb_more` and `row_to_screen`."""

from __future__ import annotations

from tests.bench.figures import Figure, Plan
from tests.bench.measures.screen import page, rows


def measure(plan: Plan) -> list[Figure]:
    """Four figures."""
    return [*page.measure(plan), rows.measure(plan)]
