"""One passing car is one plate, although its camera reads it several times and not always right; pure.

Reads that may be of one car (`plates.alike`) are collected for a short window, and the best wins: a whole plate before
a part of one, then the higher confidence. A read that is sure ends the window at once. For a while after that the car's
misreads are no news, counted from when the plate itself was last seen, and for as long as it is seen it is one
presentation, which is reported `again` once a second: the read may wait for its loop for as long as the car is in
sight. A plate unlike the one that waits is another car: the first is decided then and there.

A message that is too old by the camera's own time, or from the future, is no sighting at all. One that comes late but
not too late is a sighting of its own time: when the same plate is seen afresh long after it, that is a new
presentation.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta

from drivers.framing.plate_ages import PlateAges
from drivers.framing.presentation import Presentations, Sightings
from gateway.core.plates import messages, plates
from gateway.core.plates.profiles import Profile
from gateway.core.vocabulary.events import CredentialRead

ALIKE_MS = 2_000
"""How long after the decided plate was last seen one that is alike passes for a misread; then it is a neighbour's."""
AGAIN_MS = 1_000
"""How often a plate that stays in sight is reported again."""
MS = 1_000_000


class PlateReading(msgspec.Struct, frozen=True):
    """Options of all cameras; those of `messages.PlateMapping` say where the camera's JSON has what."""

    plate: Annotated[messages.Path, Meta(description="where the plate stands")] = messages.PlateMapping().plate
    confidence: Annotated[
        str,
        Meta(
            max_length=200,
            description="where its confidence stands; a plate without it counts, and is an error of the device",
            extra={"default": "none told"},
        ),
    ] = messages.PlateMapping().confidence
    confidence_scale: (
        Annotated[
            messages.Scale,
            Meta(
                description="`percent`, `share` (of 1) or `255`; what lies outside is an error of the device, and its"
                " plate counts without a confidence",
                extra={"default": "percent, but a fraction of 1 is a share"},
            ),
        ]
        | None
    ) = None
    many: Annotated[
        str,
        Meta(
            max_length=200,
            description="the list of cars in a message; the other paths are looked for in each car first, and in the"
            " whole message after that",
            extra={"default": "one car"},
        ),
    ] = messages.PlateMapping().many
    profile: (
        Annotated[
            Profile,
            Meta(
                description="a usual make or program, which says all of these; an option that is given comes first",
                extra={"default": "none"},
            ),
        ]
        | None
    ) = None
    time: Annotated[
        str,
        Meta(
            max_length=200,
            description="where the camera's own time of the read stands: RFC 3339; seconds, milliseconds or"
            " microseconds since 1970; or a date and a time such as `2026-11-30 08:00:00`, in site time where it"
            " has no offset. Once named it must be there",
            extra={"default": "none told"},
        ),
    ] = messages.PlateMapping().time
    only: Annotated[
        messages.Only,
        Meta(
            description="`{path: value}` or `{path: [values]}`: a message in which another value stands at that path is"
            ' no read, for example `{"type": ["new", "update"]}` for Frigate, whose `end` comes when the car has left;'
            " `null` stands for a path that is not there",
            extra={"default": "all"},
        ),
    ] = {}
    max_age_s: Annotated[
        int,
        Meta(
            ge=1,
            le=86_400,
            description="with `time`: a message older than this, or more than 30 s in the future, by the clock of this"
            " gateway, opens no lane. It is an error of the device, and `last_error` says whether the camera's clock"
            " seems off",
        ),
    ] = 30
    min_confidence: Annotated[float, Meta(ge=0, le=100, description="reads below this do not count")] = 0
    sure_confidence: Annotated[
        float, Meta(ge=0, le=100, description="a whole plate from here on is decided at once")
    ] = 95
    window_ms: Annotated[
        int, Meta(ge=0, le=5_000, description="how long other reads of the same car are waited for")
    ] = 500
    silence_s: Annotated[
        int,
        Meta(
            ge=0,
            le=86_400,
            description="lost when nothing was heard for so long; 0: never, for cameras without a sign of life",
        ),
    ] = 0
    repeat_ms: Annotated[
        int, Meta(ge=100, le=600_000, description="a presentation ends when the plate was not seen for so long")
    ] = 5000


class DecidedPlate(NamedTuple):
    """A plate that is decided; `again`: it was before, and is still in sight. `age_ms` 0: the camera told no time."""

    plate: str
    again: bool = False
    age_ms: int = 0


class _Read(msgspec.Struct, frozen=True):
    plate: str
    confidence: float

    @property
    def rank(self) -> tuple[bool, float]:
        return plates.is_whole(self.plate), self.confidence


class PlateReads:
    """The reads of one camera. Times are CLOCK_MONOTONIC nanoseconds, given by the caller."""

    def __init__(self, min_confidence: float, sure_confidence: float, window_ms: int, repeat_ms: int) -> None:
        self.rejected = 0
        self._least = min_confidence
        self._sure = sure_confidence
        self._window_ns = window_ms * MS
        self._presentations = Presentations(repeat_ms)
        self._sightings = Sightings(AGAIN_MS)
        self._best: _Read | None = None
        self._seen_ns: int | None = None
        """When the car of the window was last before the camera, by the camera's time; None when that is not told."""
        self._ends_ns = 0
        self._decided = ("", 0)

    @property
    def ends_ns(self) -> int | None:
        """When the window that is open ends; None when none is."""
        return self._ends_ns if self._best is not None else None

    def take(self, text: str, confidence: float, now_ns: int, age_ms: int | None = None) -> list[DecidedPlate]:
        """A read as the camera tells it, so old; the plates that are decided by it, in order.

        A negative confidence is not known: the plate counts, and any other read of the car is better.
        """
        decided = self.tick(now_ns)
        unknown = confidence < 0
        read = _Read(plates.normalise(text), self._least if unknown else confidence)
        if plates.is_none(read.plate) or (confidence < self._least and not unknown):
            self.rejected += 1
            return decided
        if self._is_misread(read.plate, now_ns):
            return decided
        if self._best is not None and not plates.alike(self._best.plate, read.plate):
            decided += self._decide(now_ns)
        if self._best is None:
            self._best, self._seen_ns, self._ends_ns = read, None, now_ns + self._window_ns
        elif read.rank > self._best.rank:
            self._best = read
        if age_ms is not None:
            seen_ns = now_ns - max(0, age_ms) * MS
            self._seen_ns = seen_ns if self._seen_ns is None else max(seen_ns, self._seen_ns)
        if self._best.rank >= (True, self._sure):
            decided += self._decide(now_ns)
        return decided + self.tick(now_ns)

    def tick(self, now_ns: int) -> list[DecidedPlate]:
        """The plate whose window is over."""
        return self._decide(now_ns) if self._best is not None and now_ns >= self._ends_ns else []

    def _is_misread(self, plate: str, now_ns: int) -> bool:
        decided, seen_ns = self._decided
        if plate == decided:
            self._decided = (decided, now_ns)
            return False
        return bool(decided) and now_ns - seen_ns < ALIKE_MS * MS and plates.alike(plate, decided)

    def _decide(self, now_ns: int) -> list[DecidedPlate]:
        best, self._best = self._best, None
        if best is None:
            return []
        seen_ns = now_ns if self._seen_ns is None else min(now_ns, self._seen_ns)
        begins = self._presentations.begins(best.plate, seen_ns)
        if begins:
            self._decided = (best.plate, now_ns)
        if not self._sightings.due(best.plate, now_ns) and not begins:
            return []
        return [DecidedPlate(best.plate, not begins, (now_ns - seen_ns) // MS)]


class PlateReader:
    """Turns a camera's reads into one credential per presentation, and says why others do not count."""

    def __init__(self, device: str, options: PlateReading) -> None:
        self.words = ""
        self._device = device
        self._reads = PlateReads(options.min_confidence, options.sure_confidence, options.window_ms, options.repeat_ms)
        self._ages = PlateAges(options.max_age_s)
        self._old = 0

    @property
    def rejected(self) -> int:
        """Reads so far below `min_confidence`, without a plate, or not of now."""
        return self._reads.rejected + self._old

    @property
    def ends_ns(self) -> int | None:
        """When the window that is open ends."""
        return self._reads.ends_ns

    def take(self, value: str, confidence: float, now_ns: int, age_ms: int | None = None) -> list[CredentialRead]:
        """One read; `age_ms` is its age by the camera's own time, None when the camera gives no time."""
        self.words = "" if age_ms is None else self._ages.wrong(age_ms, now_ns)
        if self.words:
            self._old += 1
            return self.tick(now_ns)
        return self._seen(self._reads.take(value, confidence, now_ns, age_ms))

    def tick(self, now_ns: int) -> list[CredentialRead]:
        """The plate whose window is over."""
        return self._seen(self._reads.tick(now_ns))

    def _seen(self, decided: list[DecidedPlate]) -> list[CredentialRead]:
        return [CredentialRead(self._device, "plate", one.plate, again=one.again, age_ms=one.age_ms) for one in decided]
