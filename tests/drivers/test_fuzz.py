"""Every codec survives noise; `python -m tests.drivers.fuzz` is the same by the hundred million bytes."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

import drivers
from drivers import framing
from tests.drivers import fuzz
from tests.drivers.walk import HEARD

COUNT = int(os.environ.get("GATEHOUSE_FUZZ_BYTES", 200_000))


@pytest.mark.timeout(max(120, COUNT // 50_000))
@pytest.mark.parametrize("make", fuzz.CODECS, ids=fuzz.name_of)
def test_a_codec_survives_noise_hoards_nothing_and_still_reads(make: Callable[[], fuzz.Fuzzed]) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    assert fuzz.fuzz(make, COUNT, seed)[1] >= COUNT


def test_every_codec_that_takes_bytes_from_a_wire_is_fuzzed() -> None:
    source = Path(fuzz.__file__).read_text("utf-8")
    # Nothing that comes from a wire as bytes, or what every driver is walked through.
    others = {"__init__", "presentation", "plate_reads", "plate_ages", "card_reader", "line_reader", "unread"}
    codecs = {path.stem for path in Path(framing.__file__).parent.glob("*.py")} - others
    with_frames = {path.parent.name.replace("_", "-") for path in Path(drivers.__file__).parent.glob("*/*/frames.py")}
    codecs |= {name.replace("-", "_") for name in with_frames - {*HEARD}}
    assert [codec for codec in sorted(codecs) if codec not in source] == []


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda fuzzed: setattr(fuzzed, "feed", lambda raw: raw[9999]), "raised IndexError"),
        (lambda fuzzed: setattr(fuzzed, "alive", lambda: False), "is deaf"),
        (lambda fuzzed: setattr(fuzzed, "kept", lambda: 1 << 20), "hoards"),
    ],
    ids=["raises", "deaf", "hoards"],
)
def test_a_broken_codec_is_caught(spoil: Callable[[fuzz.Fuzzed], None], says: str) -> None:
    def broken() -> fuzz.Fuzzed:
        fuzzed = fuzz.CODECS[0]()
        spoil(fuzzed)
        return fuzzed

    with pytest.raises(AssertionError, match=says):
        fuzz.fuzz(broken, 100_000, 1)
