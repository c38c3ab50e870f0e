"""What the bench shows: points with their edges, frames with their meaning, a card in every format that fits."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.vocabulary.errors import NotFoundError, RefusedError, RequestError
from gateway.core.vocabulary.events import DeviceLost
from tests.engine.bench.conftest import Benched, until

CARD = bytes.fromhex("02 30 31 30 30 30 37 33 34 45 30 44 32 03")


def points(benched: Benched, device: str = "io", **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = benched.call("bench.points", device=device, **more)["devices"][0]
    return found


def test_points_have_levels_and_the_lanes_that_they_serve(benched: Benched) -> None:
    found = points(benched)
    assert [one["level"] for one in found["inputs"]] == [False, True, False, False, False, True, False, False]
    assert [one["level"] for one in found["outputs"]] == [False] * 8
    assert found["inputs"][3]["used_by"] == [
        {"lane": "in", "name": "North in", "key": "approach_loop", "barrier": "in", "arm": False, "normally": "closed"}
    ]
    assert [used["key"] for one in found["outputs"] for used in one["used_by"]] == [
        "open", "close", "siren", "lights.red",
    ]  # fmt: skip
    assert [used["arm"] for one in found["outputs"] for used in one["used_by"]] == [True, True, False, False]


def test_an_edge_is_told_once_with_its_time(benched: Benched) -> None:
    benched.bus.set(safety=True)
    benched.bus.set(safety=False)
    found = points(benched)
    assert [(edge["number"], edge["input"], edge["level"]) for edge in found["edges"]] == [(1, 2, True), (2, 2, False)]
    assert found["inputs"][2]["changed_at"] == found["edges"][1]["at"]
    assert points(benched, after=2)["edges"] == []


def test_edges_are_bounded(benched: Benched) -> None:
    for number in range(200):
        benched.bus.set(safety=number % 2 == 0)
    edges = points(benched)["edges"]
    assert [edge["number"] for edge in edges] == list(range(137, 201))


def test_a_lost_board_has_no_levels(benched: Benched) -> None:
    benched.bus.report(DeviceLost("io", "unit 1 does not answer"))
    assert [one["level"] for one in points(benched)["inputs"]] == [None] * 8


def test_all_devices_are_shown_with_what_they_can(benched: Benched) -> None:
    found = {one["device"]: one for one in benched.call("bench.points")["devices"]}
    assert {name: (one["reads"], one["shows"]) for name, one in found.items()} == {
        "reader-in": (True, False),
        "io": (False, False),
        "display-in": (False, True),
    }


# ---- frames and cards ----------------------------------------------------------------------------------------------


def test_frames_of_a_watched_device_are_told_with_their_meaning(benched: Benched) -> None:
    assert benched.call("bench.trace", device="reader-in")["frames"] == []
    benched.bus.trace("reader-in").heard(CARD)
    (frame,) = benched.call("bench.trace", device="reader-in")["frames"]
    assert (frame["way"], frame["hex"], frame["size"]) == ("in", CARD.hex(" ").upper(), 14)
    assert (frame["kind"], frame["words"], frame["card"]) == ("card", "card 472288, 32 bits", True)
    again = benched.call("bench.trace", device="reader-in", after=1)
    assert (again["frames"], again["change"]) == ([], 1)


def test_a_card_is_decoded_by_every_format_and_the_pass_list_knows_one(benched: Benched) -> None:
    swapped = str(0xE0340700)
    benched.call("passes.put", **{"pass": {"id": "A-1-101", "kind": "monthly", "cards": [swapped]}, "by": "Lin"})
    found = benched.call("bench.decode", device="reader-in", data=CARD.hex())
    assert found["read_as"] == "472288"
    (card,) = found["cards"]
    known = [(one["format"], one["passes"]) for one in card["readings"] if one["passes"]]
    assert known == [("bytes_swapped_32", [{"id": "A-1-101", "kind": "monthly"}])]


def test_a_frame_of_the_trace_is_decoded(benched: Benched) -> None:
    benched.call("bench.trace", device="reader-in")
    benched.bus.trace("reader-in").heard(CARD)
    assert benched.call("bench.decode", device="reader-in", frame=1)["read_as"] == "472288"
    with pytest.raises(NotFoundError, match="present the card again"):
        benched.call("bench.decode", device="reader-in", frame=2)
    with pytest.raises(RequestError, match="hex"):
        benched.call("bench.decode", device="reader-in", data="zz")


@pytest.mark.parametrize("op", ["bench.trace", "bench.points", "bench.decode"])
def test_an_unknown_device_is_not_found(benched: Benched, op: str) -> None:
    with pytest.raises(NotFoundError, match="'nowhere'"):
        benched.call(op, device="nowhere")


# ---- signs and restarts --------------------------------------------------------------------------------------------


def test_a_display_shows_words_and_the_author_is_on_record(benched: Benched) -> None:
    benched.call("bench.show", device="display-in", verdict="granted", words="测试", by="Wei", via="browser")
    device, message = benched.bus.shown[-1]
    assert (device, message["verdict"], message["words"]) == ("display-in", "granted", "测试")
    row = {"device": "display-in", "what": "show", "verdict": "granted", "outcome": "begun"}
    assert benched.tested() == [{**row, "by": "Wei", "via": "browser"}]


def test_what_shows_nothing_is_refused(benched: Benched) -> None:
    with pytest.raises(RefusedError, match="shows nothing"):
        benched.call("bench.show", device="io", verdict="granted", by="Wei")
    with pytest.raises(RequestError):
        benched.call("bench.show", device="display-in", verdict="idle", by="Wei")
    assert benched.tested() == []


def test_a_device_is_restarted_and_nothing_moves(benched: Benched) -> None:
    before = benched.bus
    found = benched.call("bench.restart", device="reader-in", by="Wei", via="browser")
    assert found["device"] == "reader-in"
    assert before.stopped.is_set()
    assert benched.bus is not before
    until(lambda: benched.lane()["arm"] == "closed")
    assert [order for order in benched.bus.orders if order[0] == "pulse"] == []
    assert [(row["what"], row["by"]) for row in benched.tested()] == [("restart", "Wei")]
    with pytest.raises(NotFoundError):
        benched.call("bench.restart", device="nowhere", by="Wei")
