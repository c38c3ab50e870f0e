"""Every driver that can be listened to reads its golden bytes, however they are cut, and sends them."""

from __future__ import annotations

import pytest

from gateway.core.vocabulary.events import CredentialRead, Event
from tests.drivers.walk import HEARD, OURS, Vector, device, folder, listener, vectors

CASES = [pytest.param(name, one, id=f"{name}: {one.source[:40]}") for name in HEARD for one in vectors(name)]


def reads(events: list[Event]) -> list[tuple[str, str, int]]:
    return [(event.kind, event.value, event.bits) for event in events if isinstance(event, CredentialRead)]


@pytest.mark.parametrize(("driver", "vector"), CASES)
def test_golden_bytes_are_read(driver: str, vector: Vector) -> None:
    found = listener(driver, **vector.options)
    assert found is not None
    assert reads([*found.feed(vector.sent)[1]]) == vector.reads


@pytest.mark.parametrize(("driver", "vector"), CASES)
def test_golden_bytes_that_come_one_by_one_are_read(driver: str, vector: Vector) -> None:
    found = listener(driver, **vector.options)
    assert found is not None
    assert reads([event for byte in vector.sent for event in found.feed(bytes((byte,)))[1]]) == vector.reads


@pytest.mark.parametrize(("driver", "vector"), [case for case in CASES if case.values[1].reads])
def test_what_is_read_is_sent_as_the_golden_bytes(driver: str, vector: Vector) -> None:
    options = device(driver, **vector.options).options
    sent = b"".join(OURS[driver].encode(value, options) for _, value, _ in vector.reads)
    assert (sent == vector.sent) is not vector.one_way


@pytest.mark.parametrize("driver", HEARD)
def test_frames_of_a_reader_have_golden_bytes_with_their_source(driver: str) -> None:
    found = vectors(driver)
    assert found or driver == "hid", "the events of the kernel are golden in its own header"
    assert all(one.source for one in found)
    assert not found or any(one.reads and not one.one_way for one in found)


def test_a_folder_with_frames_has_golden_bytes() -> None:
    with_frames = [name for name in OURS if (folder(name) / "frames.py").exists()]
    assert len(with_frames) > 3
    assert [name for name in with_frames if not (folder(name) / "golden.json").exists()] == ["hid"]
