"""One place searched: at each speed it is listened to, then each driver asks for its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

import msgspec

from drivers.base import Driver, Recognised
from drivers.discovery.calls import Called
from drivers.discovery.cameras import Camera
from drivers.discovery.places import Place, Wire
from drivers.registry import find, shipped
from gateway.core.vocabulary.errors import DeviceError

LISTEN_S = 20.0
UNITS = (1, 2, 3, 255)
ANSWER_MS = 400
FIRST_SHARE = 0.5
"""Of the time to listen, for the speed that most readers have; the others share the rest."""
NOISE_BYTES = 64
"""So many bytes that mean nothing make the next speed worth a try."""
REST_S = 0.2
"""What belongs to a frame that has begun comes within this time."""
SHOWN_BYTES = 24


class Step(msgspec.Struct, frozen=True):
    """How far the search of a place is. `found`: a device, which the words describe."""

    where: str
    what: Literal["listening", "asking", "found", "over"]
    speed: int = 0
    words: str = ""
    found: Found | None = None

    def __str__(self) -> str:
        return f"{self.where}: {self.words or self.what}"


class Found(msgspec.Struct, frozen=True):
    """A device: its entry as a site file has it, what was heard, and whether there is no doubt."""

    device: dict[str, Any]
    heard: str
    sure: bool
    where: str = ""


class Tried(msgspec.Struct, frozen=True):
    """What was tried at a place. `noise`: the first bytes that no driver knows; `error`: why it was not searched."""

    listened_s: float = 0.0
    speeds: tuple[int, ...] = ()
    noise: str = ""
    asked: tuple[str, ...] = ()
    units: tuple[int, ...] = ()
    error: str = ""


class Silent(msgspec.Struct, frozen=True):
    """A place where no device was recognised, what was heard there, and what was tried."""

    where: str
    heard: str
    tried: Tried = Tried()


Tell = Callable[[Step], None]


class Search:
    """One place; `run` in a thread of its own."""

    def __init__(self, place: Place, listen_s: float, units: Sequence[int], tell: Tell, answer_ms: int) -> None:
        self.place = place
        self.found: list[tuple[str, dict[str, Any], Recognised]] = []
        self.heard = ""
        self.tried = Tried()
        self._listen_s = listen_s
        self._units = units
        self._tell = tell
        self._answer_ms = answer_ms
        # What answers anything with a guess is asked last.
        self._drivers = sorted(filter(self._fits, shipped_drivers()), key=lambda driver: driver.asks_at == (0,))

    def run(self) -> None:
        """Search; what fails is a finding."""
        wire = Wire(self.place, self._units, self._answer_ms)
        try:
            wire.open()
            if not self._listen(wire):
                self._step("asking")
                self._ask(wire)
        except DeviceError as error:
            self._fail(str(error))
        except Exception as error:  # a driver may come from another package
            self._fail(f"a driver failed ({type(error).__name__}: {error}); tell its maker")
        finally:
            wire.close()
            self._step("over")

    def _fail(self, words: str) -> None:
        self.heard = words
        self.tried = msgspec.structs.replace(self.tried, error=words)

    def _step(self, what: Literal["listening", "asking", "over"], speed: int = 0) -> None:
        self._tell(Step(str(self.place), what, speed))

    # ---- listening

    def _listen(self, wire: Wire) -> bool:
        """Hear what sends by itself; whether a device without doubt was heard."""
        ends_s = time.monotonic() + self._listen_s
        speeds = self._speeds("hears_at")
        guess: tuple[int, str, Recognised] | None = None
        noise = b""
        for number, speed in enumerate(speeds):
            left_s = ends_s - time.monotonic()
            last = number == len(speeds) - 1
            share = 1.0 if last else FIRST_SHARE if number == 0 else 1 / (len(speeds) - number)
            wire.set_speed(speed)
            self._step("listening", speed)
            received = wire.listen(time.monotonic() + left_s * share, self._enough)
            if received:
                received += wire.listen(time.monotonic() + REST_S, lambda _more: False)
            known = self._recognised(received)
            if known is not None and known[1].sure:
                self._keep(speed, *known)
                return True
            guess = guess or ((speed, *known) if known else None)
            noise = noise or received
        if guess is not None:
            self._keep(*guess)
            return True
        self._note(noise, speeds)
        return False

    def _enough(self, received: bytes) -> bool:
        known = self._recognised(received)
        return len(received) >= NOISE_BYTES if known is None else known[1].sure

    def _recognised(self, received: bytes) -> tuple[str, Recognised] | None:
        """The driver that knows these bytes; one that is sure before one that guesses, a text line last."""
        known = [(one.name, found) for one in self._drivers if (found := one.recognise(received)) is not None]
        return min(known, key=lambda one: (one[0] == "serial-text", not one[1].sure), default=None)

    def _note(self, noise: bytes, speeds: Sequence[int]) -> None:
        at = f" at {', '.join(map(str, speeds))} bit/s" if self.place.port else ""
        shown = noise[:SHOWN_BYTES].hex(" ").upper() + (" ..." if len(noise) > SHOWN_BYTES else "")
        self.tried = Tried(self._listen_s, tuple(speeds) if self.place.port else (), shown)
        if noise:
            self.heard = f"bytes that no driver knows: {shown}"
        else:
            self.heard = f"nothing in {self._listen_s:g} s{at}"

    # ---- asking

    def _ask(self, wire: Wire) -> None:
        for speed in self._speeds("asks_at"):
            wire.set_speed(speed)
            for driver in self._drivers:
                if self.place.port and speed not in driver.asks_at:
                    continue
                if self.found and driver.asks_at == (0,):
                    continue
                for known in driver.ask_who(wire) if driver.asks_at else ():
                    self._keep(speed, driver.name, known)
            if self.found:
                return
        asked = [driver.name for driver in self._drivers if driver.asks_at]
        self.tried = msgspec.structs.replace(self.tried, asked=tuple(asked), units=tuple(self._units))
        units = ", ".join(map(str, self._units))
        self.heard += (
            f", and no answer to questions of {', '.join(asked)} (units {units}); check power, speed and the wires"
            if asked
            else ""
        )

    # ---- drivers

    def _fits(self, driver: Driver) -> bool:
        return (
            bool(driver.hears_at or driver.asks_at)
            and self.place.options(driver.Options.__struct_fields__, 9_600) is not None
        )

    def _speeds(self, which: str) -> list[int]:
        """The speeds of all drivers, in the order of how usual they are; one for a place without a speed."""
        if not self.place.port:
            return [0]
        each = [getattr(driver, which) for driver in self._drivers]
        rounds = range(max((len(one) for one in each), default=0))
        return sorted(
            dict.fromkeys(one[n] for n in rounds for one in each if n < len(one)), key=lambda speed: speed != 9_600
        ) or [9_600]

    def _keep(self, speed: int, name: str, known: Recognised) -> None:
        wired = self.place.options(find(name).Options.__struct_fields__, speed) or {}
        options = {**wired, **known.options}
        self.found.append((name, options, known))
        where = str(self.place)
        device = {"id": kind_of(name), "driver": name, **options}
        self._tell(Step(where, "found", speed, known.words, Found(device, known.words, known.sure, where)))


def search(
    places: Sequence[Place],
    tell: Tell,
    *,
    listen_s: float = LISTEN_S,
    units: Sequence[int] = UNITS,
    taken: Sequence[str] = (),
    answer_ms: int = ANSWER_MS,
) -> tuple[list[Found], list[Silent]]:
    """Search all places at a time; `taken` are ids that are in use. Moves nothing."""
    searches = [Search(place, listen_s, units, tell, answer_ms) for place in places]
    threads = [threading.Thread(target=one.run, name=f"search {one.place}", daemon=True) for one in searches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ids = _ids(taken)
    found, silent = [], []
    for one in searches:
        found += [
            Found({"id": ids(name), "driver": name, **options}, known.words, known.sure, str(one.place))
            for name, options, known in one.found
        ]
        if not one.found:
            silent.append(Silent(str(one.place), one.heard, one.tried))
    return found, silent


def on_the_network(found: Sequence[Camera], taken: Sequence[str]) -> list[Found]:
    """Cameras that have answered, as devices that push."""
    ids = _ids(taken)
    devices = [{"id": ids("plate-http"), "driver": "plate-http"} for _ in found]
    return [
        Found(
            device,
            f"a camera at {camera.host}{f' ({camera.words})' if camera.words else ''}; let it push plates to"
            f" /hooks/plates/{device['id']}",
            False,
            camera.host,
        )
        for camera, device in zip(found, devices, strict=True)
    ]


def answered(found: Sequence[Called], taken: Sequence[str]) -> list[Found]:
    """Devices of the network that have answered a call to everybody."""
    ids = _ids(taken)
    return [
        Found(
            {"id": ids(one.driver), "driver": one.driver, **one.known.options},
            f"{one.known.words}, at {one.host}",
            one.known.sure,
            one.host,
        )
        for one in found
    ]


def shipped_drivers() -> Iterator[Driver]:
    """The drivers that come with Gatehouse."""
    return (find(name) for name in shipped())


def kind_of(driver: str) -> str:
    """What the ids of such devices begin with."""
    place = shipped()[driver]
    if "cameras" in place:
        return "camera"
    reads = find(driver).reads
    return ("door" if "boards" in place else "reader") if reads else "io"


def _ids(taken: Sequence[str]) -> Callable[[str], str]:
    """Makes ids that are free: `reader-1`, `io-1`."""
    used = set(taken)

    def free(driver: str) -> str:
        kind = kind_of(driver)
        number = next(n for n in range(1, len(used) + 2) if f"{kind}-{n}" not in used)
        used.add(made := f"{kind}-{number}")
        return made

    return free
