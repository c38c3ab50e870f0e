"""Whatever a person's order to a lane comes to, screens are told."""

from __future__ import annotations

import pytest

from gateway.core.lane.people.refusals import COMMANDS
from gateway.core.vocabulary import commands, events
from tests.core.playbook import Playbook


@pytest.mark.parametrize("order", COMMANDS)
def test_an_order_that_is_carried_out_is_shown_in_its_turn(order: str) -> None:
    play = Playbook()
    play.set(approach_loop=True)
    play.read("999", passes=())  # a case, for what is said of one
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


def _detail(order: str) -> dict[str, int]:
    return {"minutes": 5} if order == "hold" else {}
