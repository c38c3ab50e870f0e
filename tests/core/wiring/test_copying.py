"""A lane copied to other points."""

from __future__ import annotations

import pytest

from gateway.core.settings.site_file import parse_settings
from gateway.core.wiring.boards import Board
from gateway.core.wiring.contradictions import contradictions
from gateway.core.wiring.copying import Shift, copied, free_points, next_free
from gateway.core.wiring.wires import wires_of
from tests.core.wiring.site import boards, site


def test_a_copy_goes_to_the_next_free_points_of_the_same_board() -> None:
    shift = next_free(site(), "in", boards())
    assert (shift.outputs, shift.inputs, shift.devices) == (3, 4, {})
    copy = copied(site(), "in", "out", shift, "North out")
    assert [one.point for one in wires_of(copy, "out")] == [
        "io.output.3", "io.output.4", "io.output.5", "io.input.4", "io.input.5", "io.input.7", "io.input.6",
    ]  # fmt: skip
    assert not [one for one in contradictions(copy, "out", boards()) if one.level == "wrong"]


def test_a_copy_goes_to_another_board_when_the_first_is_full() -> None:
    few = {**boards(), "io": Board("io", 6, 4)}
    assert next_free(site(), "in", few).devices == {"io": "io2"}


def test_a_copy_that_fits_nowhere_is_proposed_further_along_and_found_wrong() -> None:
    few = {"io": Board("io", 6, 4)}
    copy = copied(site(), "in", "out", next_free(site(), "in", few))
    assert "no_point" in [one.code for one in contradictions(copy, "out", few)]


def test_a_copy_keeps_polarity_habits_and_the_shared_siren_and_leaves_the_readers_out() -> None:
    document = site(safety_loop={"point": "io.input.2", "normally": "closed"}, close_by="guard")
    document["lanes"][0]["siren"] = "io.output.7"
    lane = copied(document, "in", "out", Shift({"io": "io2"}))["lanes"][1]
    assert lane["barrier"]["safety_loop"] == {"point": "io2.input.2", "normally": "closed"}
    assert lane["barrier"]["close_by"] == "guard"
    assert lane["siren"] == "io.output.7"
    assert "readers" not in lane


def test_a_copy_is_a_lane_of_its_own() -> None:
    settings = parse_settings(copied(site(), "in", "out", Shift({"io": "io2"}), "South"))
    assert [(lane.id, lane.name, lane.barrier) for lane in settings.lanes][1] == ("out", "South", "out")


def test_a_lane_at_a_shared_barrier_is_copied_with_a_barrier_of_its_own() -> None:
    document = site()
    document["barriers"] = [{"id": "north", **document["lanes"][0]["barrier"]}]
    document["lanes"][0]["barrier"] = "north"
    copy = copied(document, "in", "out", Shift({"io": "io2"}))
    assert copy["lanes"][1]["barrier"]["open"] == "io2.output.0"
    assert copy["barriers"] == document["barriers"]


def test_an_id_that_is_taken_is_refused() -> None:
    with pytest.raises(ValueError, match="every id is used once"):
        copied(site(), "in", "in", Shift())


def test_free_points_are_those_that_no_lane_uses() -> None:
    assert free_points(site(), boards(), "output", "io") == [f"io.output.{n}" for n in range(3, 8)]
    assert free_points(site(), boards(), "input")[0] == "io.input.4"
    assert free_points(site(), boards(), "input", first={"io2"})[0] == "io2.input.0"
