"""Whatever a person's order to a lane comes to, screens are told."""

from __future__ import annotations

import pytest

from gateway.core.lane.people.refusals import COMMANDS
from gateway.core.vocabulary import commands, events
from tests.core.charges.exits import ExitPlay
from tests.core.playbook import Playbook


@pytest.mark.parametrize("order", COMMANDS)
def test_an_order_that_is_carried_out_is_shown_in_its_turn(order: str) -> None:
    play = _asked_for(order)
    if order in ("unlock", "release"):
        play.person("lock" if order == "unlock" else "hold", detail={"minutes": 5} if order == "release" else {})
    if order == "reset":
        play.set(arm_detached=True)
        play.set(arm_detached=False)
    todo = play.happens(
        events.CommandReceived("asked", "in", order, "Lin", "guard", "test", detail=_detail(order), present=True)
    )
    (reply,) = (one for one in todo if isinstance(one, commands.Reply))
    assert reply.status == "done", reply
    assert any(isinstance(one, commands.Snapshot) for one in todo)


def _asked_for(order: str) -> Playbook:
    """A lane with a case, for what is said of one; at an exit, of a car that must pay."""
    if order == "owe":
        play = ExitPlay()
        play.leaves(play.stay(61))
        return play
    at_entry = Playbook()
    at_entry.set(approach_loop=True)
    at_entry.read("999", passes=())
    return at_entry


def _detail(order: str) -> dict[str, int]:
    return {"minutes": 5} if order == "hold" else {}
