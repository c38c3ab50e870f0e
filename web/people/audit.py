"""Reports wrong PINs to the engine, which journals them by name and minute.

A name that no operator has is never reported: it may be a PIN that was typed into the wrong field.
"""

from __future__ import annotations

import logging

from gateway.core.vocabulary.errors import GatehouseError
from web.platform.services import ask

_log = logging.getLogger(__name__)
TELL_S = 1.0


def wrong_pin(operator: str | None, by: str | None, address: str, station: str, wait_s: int) -> None:
    """A PIN did not fit; `by` is who is signed in at that screen, `wait_s` how long the next try must wait."""
    try:
        ask(
            "operator.failed",
            timeout_s=TELL_S,
            operator=operator,
            by=by,
            station=station or None,
            address=address,
            # A booth's own screen is never locked out: there only the next try of that name waits a little.
            wait_s=0 if station else wait_s,
        )
    except (GatehouseError, OSError) as error:
        _log.warning("a wrong PIN for %s is not in the journal: %s", operator or "no operator", error)
