"""The acceptance book as the projections have it."""

from __future__ import annotations

from typing import Any

import msgspec

from gateway.core.acceptance.book import AcceptanceMemory, Book
from gateway.store.projections.look import Look


def book_of(look: Look) -> dict[str, Any]:
    """The whole book, as plain documents."""
    return {
        table: [msgspec.json.decode(document) for (document,) in look.select(f"SELECT document FROM {table}")]
        for table in ("ticks", "lost", "signatures")
    }


def acceptance_of(look: Look) -> Book:
    """The book for pages."""
    return Book(msgspec.convert({"acceptance": book_of(look)}, AcceptanceMemory).acceptance)
