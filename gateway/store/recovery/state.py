"""Opens the projections for writing; a damaged file is set aside, and they are made again from the journal."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from gateway.core.vocabulary.errors import GatehouseError
from gateway.store.projections.state import State
from gateway.store.recovery import aside
from gateway.store.recovery.look import found_of
from gateway.store.recovery.table import Store, Treatment, treatment

log = logging.getLogger(__name__)


def open_state(path: Path, bring_on: Callable[[State], None]) -> State:
    """The projections, after `bring_on` has applied what they lack; damage that shows only then counts too."""
    try:
        return _brought_on(path, bring_on)
    except GatehouseError as error:
        if treatment(Store.STATE, found_of(error)) is not Treatment.MAKE_AGAIN:
            raise
        log.error("%s: it is set aside, and everything in it made again from the journal", error)
        aside.move(path, path.with_name(f"{path.name}.damaged"))
        return _brought_on(path, bring_on)


def _brought_on(path: Path, bring_on: Callable[[State], None]) -> State:
    if not path.exists():  # a WAL that was left behind belongs to no database
        for suffix in ("-wal", "-shm"):
            aside.beside(path, suffix).unlink(missing_ok=True)
    state = State(path, writer=True)
    try:
        state.memory()
        bring_on(state)
        state.memory()
    except BaseException:
        state.close()
        raise
    return state
