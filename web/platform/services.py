"""The services of one web application: the data directory and everything that is opened once per process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import current_app

from gateway.control import Client
from gateway.store.media.pictures import Pictures
from gateway.store.settings.operators import Lifts
from gateway.store.settings.secrets import Tokens
from gateway.store.settings.signing_key import SigningKey
from gateway.store.settings.station_keys import StationKeys
from web.front.places import Acquaintances
from web.live.cameras import Cameras
from web.live.heart import Heart
from web.live.presses import Presses
from web.live.snapshots import Live, Slots
from web.people.lockout import Lockout
from web.people.operators import SiteDocument
from web.people.parking import Parking
from web.people.sessions import Sessions
from web.platform.consumers import Consumers
from web.platform.readers import Readers
from web.platform.webdb import WebDatabase

THREADS = 12
# Streams and long polls together stay below half of the threads, so that pages always load.
STREAM_SLOTS = THREADS // 2 - 1
STREAM_SLOTS_KEPT = 2
"""Of these so many are for booths' own screens and known addresses alone."""
EXPORT_SLOTS = 2


class Services:
    """The parts that views reach through `services()`."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self._mark = data / "set-up"
        self._set_up = False
        self.socket = data / "run" / "engine.sock"
        self.site = SiteDocument(data / "site.json")
        self.database = WebDatabase(data / "web.db")
        self.sessions = Sessions(self.database, self.site)
        self.parking = Parking()
        self.lockout = Lockout(self.database, lifted_s=Lifts(data / "lifted.json").at_s)
        self.signing_key = SigningKey(data / "secrets" / "journal-key.pem", makes=True)
        self.consumers = Consumers(self.database, sign=self.signing_key.signed)
        self.readers = Readers(data)
        self.tokens = Tokens(data / "secrets" / "tokens.json")
        self.station_keys = StationKeys(data / "secrets" / "stations.json")
        self.acquaintances = Acquaintances(
            lambda: [one.address for one in self.site.stations().values() if one.address]
        )
        self.cameras = Cameras()
        self.pictures = Pictures(data / "media")
        self.heart = Heart()
        self.presses = Presses(self.heart)
        self.live = Live(self.socket)
        self.streams = Slots(STREAM_SLOTS, "ask again later, or ask without waiting", kept=STREAM_SLOTS_KEPT)
        self.exports = Slots(EXPORT_SLOTS)

    @property
    def set_up(self) -> bool:
        """Whether an operator was ever made; once true it stays so."""
        self._set_up = self._set_up or self._mark.exists() or bool(self.site.operators())
        return self._set_up

    def _booths(self) -> list[str]:
        """The addresses of booths' own screens, as set up."""
        return [one.address for one in self.site.stations().values() if one.address]

    def close(self) -> None:
        """Stop the background thread and close the files."""
        self.live.stop()
        self.heart.stop()
        self.consumers.flush()
        self.database.close()


def ask(op: str, *, timeout_s: float = 5.0, **params: Any) -> Any:
    """The engine's result for one op; EngineUnreachableError or another GatehouseError."""
    return Client(services().socket).call(op, timeout_s=timeout_s, **params)


def services() -> Services:
    """The services of the application that handles this request."""
    found: Services = current_app.extensions["gatehouse"]
    return found
