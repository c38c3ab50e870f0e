"""Visits by what only their passes know: the holder, the initials, the unit."""

from __future__ import annotations

import logging

from gateway.core.vocabulary.errors import GatehouseError
from web.platform.services import services

PASSES_MAX = 500
"""Passes that one text is looked for in; more say that the text is too short."""
_log = logging.getLogger(__name__)


def passes_with(query: str) -> tuple[str, ...]:
    """The passes whose holder, initials, unit, card or plate has this text; none if they cannot be read now."""
    if not query.strip():
        return ()
    try:
        return tuple(one.id for one in services().readers.registry().list(limit=PASSES_MAX, query=query))
    except (GatehouseError, OSError) as error:
        _log.warning("passes cannot be looked up: %s", error)
        return ()
