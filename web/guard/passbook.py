"""Passes by id for the screen.

A screen must show the card number even when the registry cannot be read, so every failure is "no such pass" here and a
line in the log.
"""

from __future__ import annotations

import logging
from functools import partial

from gateway.core.vocabulary.errors import GatehouseError, NotFoundError
from gateway.core.vocabulary.passes import Pass
from web.guard.scene import Lookup
from web.platform.services import Services

_log = logging.getLogger(__name__)


def passbook(held: Services) -> Lookup:
    """Finds a pass by its id, None when it is gone or cannot be read now; for any thread."""
    return partial(_find, held)


def _find(held: Services, pass_id: str) -> Pass | None:
    try:
        return held.readers.registry().get(pass_id)
    except NotFoundError:
        return None
    except (GatehouseError, OSError) as error:
        _log.warning("pass %s cannot be looked up: %s", pass_id, error)
        return None
