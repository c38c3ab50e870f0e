"""The kernel's GPIO interface: its bytes, and the link that reads its queue (a pipe stands in for it)."""

from __future__ import annotations

import errno
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.framing.gpio_events import LINE_EVENT, LINE_REQUEST, LOST, Events, encode_event, request_falling
from drivers.links import gpio_edges
from drivers.links.gpio_edges import EdgeQueue, explain, open_lines
from gateway.core.vocabulary.errors import DeviceError

HEADER = Path("/usr/include/linux/gpio.h")
PROGRAM = """
#include <stddef.h>
#include <stdio.h>
#include <linux/gpio.h>
int main(void) {
    printf("%zu %zu %zu %zu %zu %lx %lx %d\\n", sizeof(struct gpio_v2_line_request),
        offsetof(struct gpio_v2_line_request, config), offsetof(struct gpio_v2_line_request, num_lines),
        sizeof(struct gpio_v2_line_event), sizeof(struct gpiochip_info), (unsigned long)GPIO_V2_GET_LINE_IOCTL,
        (unsigned long)GPIO_GET_CHIPINFO_IOCTL,
        (int)(GPIO_V2_LINE_FLAG_INPUT | GPIO_V2_LINE_FLAG_EDGE_FALLING | GPIO_V2_LINE_FLAG_BIAS_PULL_UP));
    return 0;
}
"""
FIGURES = [592, 288, 560, 48, 68, 0xC250_B407, 0x8044_B401, 292]
"""What that program prints; taken from linux/gpio.h of Linux 6.1."""


def test_the_request_is_packed_as_the_kernel_has_it() -> None:
    request = request_falling((17, 18), "gatehouse", 256)
    assert len(request) == LINE_REQUEST.size == FIGURES[0]
    assert request[:12] == bytes((17, 0, 0, 0, 18, 0, 0, 0, 0, 0, 0, 0))
    assert request[256:266] == b"gatehouse\0"
    assert int.from_bytes(request[288:296], "little") == FIGURES[7]
    assert request[560:568] == bytes((2, 0, 0, 0, 0, 1, 0, 0))
    assert gpio_edges.GET_LINE | len(request) << 16 == FIGURES[5]
    assert FIGURES[6] == gpio_edges.GET_CHIP_INFO
    assert LINE_EVENT.size == FIGURES[3]


@pytest.mark.real
@pytest.mark.skipif(not (HEADER.exists() and shutil.which("cc")), reason="no C compiler or kernel headers")
def test_the_figures_are_those_of_this_machines_kernel_headers(tmp_path: Path) -> None:
    source, program = tmp_path / "figures.c", tmp_path / "figures"
    source.write_text(PROGRAM)
    subprocess.run(["cc", str(source), "-o", str(program)], check=True)
    words = subprocess.run([str(program)], check=True, capture_output=True, text=True).stdout.split()
    assert [int(word, 16 if at in (5, 6) else 10) for at, word in enumerate(words)] == FIGURES


def test_edges_come_with_the_place_of_their_line() -> None:
    raw = encode_event(1000, 18, 1) + encode_event(3000, 17, 2)
    assert Events((17, 18)).feed(raw) == [(1, 1000), (0, 3000)]


def test_a_number_that_is_missing_shows_as_lost_edges_also_over_two_reads() -> None:
    events = Events((17, 18))
    assert events.feed(encode_event(1, 17, 7)) == [(0, 1)]
    assert events.feed(encode_event(2, 17, 10) + encode_event(3, 17, 11)) == [(LOST, 2), (0, 2), (0, 3)]


def test_the_numbers_begin_anew_after_the_last_one() -> None:
    raw = encode_event(1, 17, 0xFFFF_FFFF) + encode_event(2, 17, 0)
    assert Events((17, 18)).feed(raw) == [(0, 1), (0, 2)]


# ---- the link ------------------------------------------------------------------------------------------------------


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[EdgeQueue, int]]:
    near, far = os.pipe()
    monkeypatch.setattr(gpio_edges, "open_lines", lambda request, names: near)
    found = EdgeQueue(b"", "GPIO17 and GPIO18", 4 * LINE_EVENT.size)
    found.open()
    yield found, far
    found.dispose()
    try:
        os.close(far)
    except OSError:
        pass


def test_a_short_read_is_everything_up_to_now(queue: tuple[EdgeQueue, int]) -> None:
    edges, far = queue
    assert edges.read(0)[0] == b""
    os.write(far, encode_event(5, 17, 1))
    raw, until_ns = edges.read()
    assert raw == encode_event(5, 17, 1)
    assert until_ns is not None and until_ns > 5


def test_a_full_read_promises_nothing(queue: tuple[EdgeQueue, int]) -> None:
    edges, far = queue
    os.write(far, encode_event(5, 17, 1) * 5)
    assert edges.read()[1] is None
    assert edges.read()[1] is not None


def test_a_waiting_read_can_be_woken(queue: tuple[EdgeQueue, int]) -> None:
    edges, _ = queue
    edges.wake()
    assert edges.read()[0] == b""


def test_a_chip_that_is_gone_is_an_error_and_leaves_the_link_closed(queue: tuple[EdgeQueue, int]) -> None:
    edges, far = queue
    os.close(far)
    with pytest.raises(DeviceError, match="GPIO chip is gone"):
        edges.read()
    assert not edges.is_open
    assert edges.read(0) == (b"", None)


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (errno.EACCES, "group 'gpio'"),
        (errno.EBUSY, "in use by another device"),
        (errno.ENOTTY, "older than 5.10"),
        (errno.EINVAL, "check the line numbers"),
    ],
)
def test_lines_that_cannot_be_had_say_what_to_do(number: int, says: str) -> None:
    assert re.search(says, explain("/dev/gpiochip0", "GPIO17 and GPIO18", OSError(number, os.strerror(number))))


def test_a_machine_without_lines_is_told_what_to_use_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "glob", lambda self, pattern: iter(()))
    with pytest.raises(DeviceError, match="Wiegand-to-serial converter"):
        open_lines(request_falling((17, 18), "gatehouse", 256), "GPIO17 and GPIO18")
