"""What one web application holds: the data directory and everything that is opened once per
process.
"""

from __future__ import annotations

from pathlib import Path

from flask import current_app

from web.live import Live, Slots
from web.lockout import Lockout
from web.operators import SiteDocument
from web.sessions import Sessions
from web.tokens import TokenFile
from web.webdb import WebDatabase

THREADS = 12
# Streams and long polls together stay below half of the threads, so that pages always load.
STREAM_SLOTS = THREADS // 2 - 1
EXPORT_SLOTS = 2


class Services:
    """The parts that views reach through `services()`."""

    def __init__(self, data: Path, live: Live | None = None) -> None:
        self.data = data
        self.socket = data / "run" / "engine.sock"
        self.site = SiteDocument(data / "site.json")
        self.database = WebDatabase(data / "web.db")
        self.sessions = Sessions(self.database, self.site)
        self.lockout = Lockout(self.database)
        self.tokens = TokenFile(data / "secrets")
        self.live = live or Live(data)
        self.streams = Slots(STREAM_SLOTS)
        self.exports = Slots(EXPORT_SLOTS)

    def close(self) -> None:
        """Stop the background thread and close the files."""
        self.live.stop()
        self.database.close()


def services() -> Services:
    """The services of the application that handles this request."""
    found: Services = current_app.extensions["gatehouse"]
    return found
