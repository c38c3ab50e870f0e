"""Types of control requests about devices that are looked at and tried."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from gateway.core.plates.last_message import TEXT_MAX
from gateway.engine.socket.requests import INT_MAX, Change, Params, Word

After = Annotated[int, msgspec.Meta(ge=0, le=INT_MAX)]
PULSE_MIN_MS, PULSE_MAX_MS = 50, 5_000
WORDS_MAX = 60


class BenchTrace(Params, frozen=True):
    """bench.trace: frames that changed after `after`; asking keeps the trace for some seconds"""

    device: Word
    after: After = 0


class BenchPoints(Params, frozen=True):
    """bench.points: of one device, or of all; edges after `after`"""

    device: Word = ""
    after: After = 0


class BenchDecode(Params, frozen=True):
    """bench.decode: a frame of the trace, or bytes in hex"""

    device: Word
    frame: After = 0
    data: Annotated[str, msgspec.Meta(max_length=2_048)] = ""


class BenchMessage(Params, frozen=True):
    """bench.message: what a camera has sent, as an installer looks at it"""

    device: Word
    text: Annotated[str, msgspec.Meta(max_length=TEXT_MAX + 100)]


class BenchPulse(Change, frozen=True, kw_only=True):
    """bench.pulse: `moves` names the lane whose arm moves, `under_tag` says that its tag was seen"""

    device: Word
    output: Annotated[int, msgspec.Meta(ge=0, le=255)]
    duration_ms: Annotated[int, msgspec.Meta(ge=PULSE_MIN_MS, le=PULSE_MAX_MS)] = 500
    moves: Word = ""
    under_tag: bool = False


class BenchShow(Change, frozen=True, kw_only=True):
    """bench.show: what a reader or a display shows for a moment"""

    lines = ("by", "words")

    device: Word
    verdict: Literal["granted", "denied", "referred", "wait"]
    words: Annotated[str, msgspec.Meta(max_length=WORDS_MAX)] = ""


class BenchRestart(Change, frozen=True, kw_only=True):
    """bench.restart"""

    device: Word
