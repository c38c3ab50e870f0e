"""Measured values as people read them."""

from __future__ import annotations

from collections.abc import Callable

_GB = 1_000
_MB = 1_000


def seconds(ms: int) -> str:
    """Milliseconds as seconds."""
    return f"{ms / 1000:.1f} s"


def short(us: int) -> str:
    """Microseconds as milliseconds."""
    return f"{us / 1000:.1f} ms"


def share(permille: int) -> str:
    """Thousandths as percent."""
    return f"{permille / 10:g} %"


def degrees(tenths: int) -> str:
    """Tenths of a degree."""
    return f"{tenths / 10:.0f} °C"


def volts(mv: int) -> str:
    """Millivolts."""
    return f"{mv / 1000:.2f} V"


def size(mb: int) -> str:
    """Megabytes, or gigabytes."""
    return f"{mb / _GB:.1f} GB" if mb >= _GB else f"{mb} MB"


def rate(kb: int) -> str:
    """Kilobytes in an hour."""
    return f"{kb / _MB:.1f} MB/h" if kb >= _MB else f"{kb} kB/h"


def percent(value: int) -> str:
    """A whole percentage."""
    return f"{value} %"


UNITS: dict[str, Callable[[int], str]] = {
    "ms": seconds,
    "us": short,
    "permille": share,
    "tenth_degree": degrees,
    "mv": volts,
    "mb": size,
    "kb_per_h": rate,
    "percent": percent,
}
"""By the unit of a kind of measurement."""
