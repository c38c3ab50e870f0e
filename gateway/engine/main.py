"""The process of the engine: its exit codes and its watchdog.

Exit codes: 0 stopped; 1 a part failed, start again; 2 settings or data directory are wrong, a restart does not help;
3 another engine owns the data directory.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.core.vocabulary.errors import (
    DataDirectoryError,
    GatehouseError,
    InUseError,
    JournalBrokenError,
    SettingsError,
)
from gateway.engine.settings.start import settings_at_start
from gateway.engine.watchdog import Notifier, Watchdog
from gateway.store.directory import DataDirectory

if TYPE_CHECKING:
    from gateway.core.settings.model import Settings
    from gateway.engine.engine import Engine

log = logging.getLogger(__name__)

SWITCH_S = 0.0005
"""How long a computing thread may hold the interpreter; Python's default is 5 ms. Measured beside a thread that
computes without end: a decision takes 2.5 ms instead of 11.5 ms."""
EXIT_CLEAN, EXIT_FAILED, EXIT_WRONG, EXIT_IN_USE = 0, 1, 2, 3


def run_engine(data: Path, *, stop: threading.Event) -> int:
    """Run the engine of a data directory until `stop` is set; returns the exit code."""
    sys.setswitchinterval(SWITCH_S)
    directory = DataDirectory(data)
    try:
        if not directory.exists:
            directory.configured()
        directory.lock()
        try:
            with suppress(GatehouseError):  # a full disk does not keep the gate from starting
                directory.first_run.note()
            return _run(directory, settings_at_start(directory), stop)
        finally:
            directory.unlock()
    except InUseError as error:
        log.error("%s", error)
        return EXIT_IN_USE
    except (SettingsError, DataDirectoryError, JournalBrokenError) as error:
        log.error("%s", error)
        return EXIT_WRONG
    except GatehouseError as error:
        log.error("%s", error)
        return EXIT_FAILED


def _run(directory: DataDirectory, settings: Settings, stop: threading.Event) -> int:
    from drivers.registry import configure, open_buses
    from gateway.engine.engine import Engine

    notifier = Notifier()
    configs = configure(settings)
    engine = Engine(directory, settings, configs, open_buses)
    engine.start()
    status = f"{len(settings.lanes)} lanes, {len(configs)} devices"
    log.info("engine of %s runs: %s", settings.gateway.id, status)
    notifier.ready(status)
    _supervise(engine, Watchdog(notifier, engine.supervised), stop)
    notifier.stopping()
    engine.stop("asked to stop" if not engine.failure else engine.failure)
    if engine.failure:
        log.critical("the engine ends: %s", engine.failure)
        return EXIT_FAILED
    log.info("engine of %s has stopped", settings.gateway.id)
    return EXIT_CLEAN


def _supervise(engine: Engine, watchdog: Watchdog, stop: threading.Event) -> None:
    """Feed the watchdog until the engine stops or fails."""
    threading.Thread(target=_forward, args=(stop, engine.ended), daemon=True).start()
    while not engine.ended.wait(watchdog.interval_s):
        watchdog.turn(time.monotonic_ns())


def _forward(stop: threading.Event, ended: threading.Event) -> None:
    stop.wait()
    ended.set()
