"""A lane that carries a tag, a lock after a crash or a hold is not renamed or removed: its arm would lose the mark."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.cli.local import Local
from gateway.core.vocabulary.errors import RefusedError
from tests.engine.settings.conftest import Box, lane, site, until, with_barrier

RENAMED = site(lanes=[lane("in", "io"), {**lane("out9", "io2", "exit"), "readers": ["reader-out"]}])
REMOVED = site(lanes=[lane("in", "io")])
X = {"open": "io2.output.0", "close": "io2.output.6", "safety_loop": "io2.input.6"}
TO_ANOTHER = site(
    lanes=[
        lane("in", "io"),
        lane("out", "io2", "exit", open="io2.output.5"),
        {"id": "x", "direction": "entry", "readers": [], "barrier": X},
    ]
)


def command(box: Box, order: str, name: str = "out") -> None:
    """What a person orders."""
    done = box.call(
        "lane.command", request=f"{order}-{name}", lane=name, command=order, by="Mei", via="guard", reason="oil"
    )
    assert done["status"] == "done"


def tagged_by(box: Box, name: str) -> str | None:
    """Whose tag a lane carries."""
    tag = box.lane(name)["tag"]
    return tag and str(tag["by"])


@pytest.mark.parametrize("document", [RENAMED, REMOVED, TO_ANOTHER])
def test_a_tagged_lane_keeps_its_id_and_its_arm(box: Box, document: dict[str, Any]) -> None:
    command(box, "lock")
    with pytest.raises(RefusedError, match=r"lane out is tagged by Mei \(oil\).*take the tag off.*nothing was changed"):
        box.apply(document)
    assert box.history() == [(1, "confirmed")]
    until(lambda: tagged_by(box, "out") == "Mei")
    command(box, "unlock")
    assert box.apply(document)["state"] == "pending"


def test_a_tagged_lane_takes_other_figures_and_another_lane_another_name(box: Box) -> None:
    command(box, "lock", "in")
    assert box.apply(RENAMED, confirm_s=0)["version"] == 2
    box.apply(site(lanes=[lane("in", "io", pulse_ms=900), *RENAMED["lanes"][1:]]), confirm_s=0)
    until(lambda: tagged_by(box, "in") == "Mei")


def test_a_held_lane_is_refused_at_once(box: Box) -> None:
    command(box, "hold")
    with pytest.raises(RefusedError, match=r"lane out is held open.*release it"):
        box.apply(RENAMED)


def test_a_lane_that_was_struck_is_refused(box: Box) -> None:
    box.apply(with_barrier("out", arm_detached="io2.input.5"), confirm_s=0)
    box.inputs["io2"][5] = True
    box.set("io2")
    until(lambda: box.lane("out")["mode"] == "crashed")
    with pytest.raises(RefusedError, match=r"lane out is locked after a crash.*reset it"):
        box.apply(REMOVED)


def test_the_way_back_is_not_held_up(box: Box) -> None:
    box.apply(RENAMED, confirm_s=1)
    command(box, "lock", "out9")
    until(lambda: box.history()[-1] == (2, "rolled_back") and "out" in box.lanes())


def test_a_tag_that_was_put_on_meanwhile_goes_back_with_its_arm(box: Box) -> None:
    box.apply(RENAMED, confirm_s=1)
    command(box, "lock", "out9")
    until(lambda: "out" in box.lanes() and tagged_by(box, "out") == "Mei")
    row = box.rows("barrier.locked")[-1].data()
    assert (row["lane"], row["barrier"], row["by"], row["reason"]) == ("out", "out", "Mei", "oil")
    orders = list(box.orders)
    box.stop()
    box.start()
    until(lambda: tagged_by(box, "out") == "Mei")
    command(box, "unlock")
    assert box.orders == orders


@pytest.mark.long
def test_a_hold_that_was_begun_meanwhile_becomes_a_tag_of_the_gateway(box: Box) -> None:
    box.apply(RENAMED, confirm_s=600)
    command(box, "hold", "out9")
    box.ask("site.rollback")
    until(lambda: "out" in box.lanes() and tagged_by(box, "out") == "gateway")
    assert box.lane("out")["tag"]["reason"] == "held as lane out9"


def test_a_start_that_goes_back_takes_the_tag_along(box: Box) -> None:
    box.apply(RENAMED, confirm_s=600)
    command(box, "lock", "out9")
    box.stop()
    box.start()
    until(lambda: "out" in box.lanes() and tagged_by(box, "out") == "Mei")
    assert box.history()[-1] == (2, "rolled_back")
    box.stop()
    box.start()
    until(lambda: tagged_by(box, "out") == "Mei")


def test_the_command_line_that_goes_back_first_takes_the_tag_along(box: Box) -> None:
    box.apply(RENAMED, confirm_s=600)
    command(box, "lock", "out9")
    box.stop()
    directory = box.directory
    directory.lock()
    try:
        Local(directory, directory.settings()).call("site.rollback", by="lin", via="cli")
    finally:
        directory.unlock()
    box.start()
    until(lambda: "out" in box.lanes() and tagged_by(box, "out") == "Mei")


def test_without_an_engine_too(box: Box) -> None:
    command(box, "lock")
    box.stop()
    directory, who = box.directory, {"by": "lin", "via": "cli"}
    directory.lock()
    try:
        local = Local(directory, directory.settings())
        with pytest.raises(RefusedError, match=r"lane out is tagged by Mei \(oil\)"):
            local.call("site.apply", document=RENAMED, **who)
        assert local.call("site.apply", document=with_barrier("in", pulse_ms=900), **who)["version"] == 2
    finally:
        directory.unlock()
        box.start()
    until(lambda: tagged_by(box, "out") == "Mei")
