"""Stand-ins of devices that have no wire which could be pulled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from drivers.base import StandIn


@contextmanager
def without_wire(
    options: Mapping[str, Any],
    path: Path,  # noqa: ARG001
    *,
    present: Callable[[str], None] | None = None,
) -> Iterator[StandIn]:
    """A device that is there as soon as its bus runs."""
    yield StandIn(options, present=present)
