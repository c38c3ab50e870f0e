"""The uplink in a process of its own, over files in a test's directory, so that it can be killed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.waiting import PATIENCE_S

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "gatehouse/north-court/gw1"


class UplinkProcess:
    """Delivers `journal.db` of a directory to the broker on a port."""

    def __init__(self, directory: Path, port: int, **broker: Any) -> None:
        self._directory = directory
        self._broker = {"host": "127.0.0.1", "port": port, **broker} if "brokers" not in broker else broker
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> UplinkProcess:
        """Run it; returns at once."""
        log = (self._directory / "uplink.log").open("ab")
        with log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.uplink_process"],
                stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=ROOT,
            )  # fmt: skip
        assert self._process.stdin is not None
        orders = {"directory": str(self._directory), "broker": self._broker}
        self._process.stdin.write(json.dumps(orders).encode() + b"\n")
        self._process.stdin.flush()
        return self

    def kill(self) -> None:
        """Without a word, as a power cut does."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It stands still for the length of the block."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def stop(self) -> int:
        """In good order; the exit code."""
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        return self._process.wait(PATIENCE_S)

    def log(self) -> str:
        """What it said."""
        return (self._directory / "uplink.log").read_text()


def _main() -> None:
    import logging

    from gateway.core.settings.model import Mqtt
    from gateway.uplink.parts import Central, Place, deliver

    logging.basicConfig(level=logging.INFO)
    orders = json.loads(sys.stdin.readline())
    directory = Path(orders["directory"])
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    paths = ("journal.db", "uplink.db", "engine.sock", "journal-key.pem")
    place = Place(*(directory / name for name in paths))
    central = Central(Mqtt(**orders["broker"]), "north-court", "gw1")
    deliver(place, central, stop, lambda: False)


if __name__ == "__main__":
    _main()
