"""Events that the program failed on, kept for support: `faults/<time>.json` in the data directory.

A file holds the event as it came, which may name people: only the engine's user can read it, and the latest twenty are
kept. The failing thread encodes it and another one writes it, so that no disk delays the gate.
"""

from __future__ import annotations

import logging
import os
import traceback
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from gateway import __version__
from gateway.core.vocabulary.errors import BusyError
from gateway.core.vocabulary.events import Event, Now
from gateway.core.vocabulary.times import rfc3339
from gateway.engine.socket.jobs import Jobs

log = logging.getLogger(__name__)

KEPT_MAX = 20
BYTES_MAX = 1_000_000
TRACE_FRAMES = 50
_encode = msgspec.json.Encoder(enc_hook=repr).encode


class FaultFiles:
    """`keep` is for any thread, `run` for its own."""

    def __init__(self, folder: Path) -> None:
        """Opens nothing."""
        self._folder = folder
        self._jobs = Jobs("faults")
        self.run = self._jobs.run
        self.stop = self._jobs.stop

    def keep(self, file: str, event: Event, now: Now, error: BaseException) -> None:
        """Keep an event under that name; a failure is only logged."""
        try:
            text = _document(event, now, error)
            self._jobs.ask(partial(self._write, file, text))
        except (BusyError, MemoryError, RecursionError):
            log.exception("an event that the program failed on could not be kept")

    def _write(self, file: str, text: bytes) -> None:
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            for old in sorted(self._folder.glob("*.json"))[: -(KEPT_MAX - 1)]:
                old.unlink()
            path = self._folder / file
            with suppress(FileNotFoundError):
                path.unlink()
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:  # noqa: PTH123
                target.write(text)
        except OSError as error:
            log.error("%s could not be kept: %s", self._folder / file, error)


def _document(event: Event, now: Now, error: BaseException) -> bytes:
    """A fault as JSON."""
    about: dict[str, Any] = {
        "version": __version__,
        "at": rfc3339(now.wall_ns),
        "now": now,
        "type": type(event).__name__,
        "event": event,
        "error": f"{type(error).__name__}: {_told(error)}",
        "trace": traceback.format_exception(error, limit=-TRACE_FRAMES),
    }
    try:
        text = _encode(about)
    except Exception:  # an event that cannot be encoded may be the cause of the fault
        text = b""
    if not text or len(text) > BYTES_MAX:
        text = _encode({key: ascii(_told(value))[: BYTES_MAX // 20] for key, value in about.items()})
    return text


def _told(value: Any) -> str:
    try:
        return str(value)
    except Exception:
        return f"a {type(value).__name__} that cannot be told"
