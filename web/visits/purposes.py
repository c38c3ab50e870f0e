"""What visitors come for here, by the settings of the site."""

from __future__ import annotations

import msgspec

from gateway.core.settings.model import PURPOSES, Purpose
from web.platform.services import services
from web.words.texts import Words


def purposes() -> tuple[Purpose, ...]:
    """In the order of the settings."""
    raw = services().site.document().get("purposes")
    return msgspec.convert(raw, tuple[Purpose, ...]) if raw else PURPOSES


def purpose_in_words(said: Words, purpose: str, known: tuple[Purpose, ...]) -> str:
    """A purpose that was chosen, in words; another one as it was written."""
    found = next((one for one in (*known, *PURPOSES) if one.id == purpose), None)
    return said("inside.said", said=found.name(said.locale) if found is not None else purpose) if purpose else ""
