"""The life of a repair order: who may do what, in which order, and by when."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gateway.core.repairs.lifecycle import REFUSED, TABLE, RepairState, RepairVerb
from gateway.core.repairs.repairs import VERBS
from gateway.core.vocabulary import events
from tests.core.playbook import START_WALL_NS, Playbook
from tests.core.repairs.bench import Repairs, estate


def lost() -> Repairs:
    play = Repairs()
    play.lose()
    return play


def mended() -> Repairs:
    play = lost()
    play.regain()
    play.act("report", note="plug cleaned")
    return play


def test_from_the_fault_to_the_confirmation_each_step_has_its_author() -> None:
    play = lost()
    play.act("assign", by="Mei", to="Han")
    play.advance(60_000)
    play.act("arrive")
    play.regain()
    play.act("report", note="plug cleaned")
    play.act("confirm", by="Lin", note="reads again")
    assert [(row.type, row.data["by"]) for row in play.steps()] == [
        ("repair.opened", "gateway"), ("repair.assigned", "Mei"), ("repair.arrived", "Han"),
        ("repair.reported", "Han"), ("repair.confirmed", "Lin"),
    ]  # fmt: skip
    order = play.order()
    assert (order["assigned_to"], order["reported_by"], order["state"]) == ("Han", "Han", "confirmed")
    assert (order["via"], order["station"], order["note"]) == ("browser", None, "reads again")
    assert play.open_orders() == 0


def test_an_order_is_due_after_the_hours_of_its_urgency() -> None:
    play = lost()
    assert (play.order()["on_site_by"], play.order()["mend_by"]) == (
        "2026-09-21T16:13:20.000Z", "2026-09-23T04:13:20.000Z",
    )  # fmt: skip
    assert play.site.snapshot().repairs.mend_by == "2026-09-23T04:13:20.000Z"


def test_a_site_sets_its_own_hours() -> None:
    document = {**estate(), "repairs": {"urgent": {"on_site_h": 1, "mend_h": 4}}}
    play = Repairs(document)
    play.lose()
    assert play.order()["mend_by"] == "2026-09-21T18:13:20.000Z"


@pytest.mark.parametrize("by", ["Han", "han", "HAN"])
def test_the_person_who_reports_it_mended_never_confirms_it(by: str) -> None:
    play = mended()
    assert play.act("confirm", by=by).reason == "repair_same_name"
    assert play.order()["state"] == "reported"
    assert play.act("confirm", by="Lin").status == "done"


def test_it_is_not_confirmed_while_the_fault_is_measured() -> None:
    play = lost()
    play.act("report")
    assert play.act("confirm", by="Lin").reason == "repair_fault_lasts"
    play.regain()
    assert play.act("confirm", by="Lin").status == "done"


def test_a_fault_that_comes_back_before_the_confirmation_is_not_mended() -> None:
    play = mended()
    play.lose()
    order = play.order()
    assert (order["state"], order["assigned_to"], order["reported_by"], order["count"]) == ("assigned", "Han", None, 2)
    assert play.act("confirm", by="Lin").reason == "repair_not_reported"


def test_one_that_is_not_mended_goes_back_to_whom_reported_it_with_the_reason() -> None:
    play = mended()
    assert play.act("reject", by="Lin").reason == "note_missing"
    assert play.act("reject", by="Lin", note="reads one card in three").status == "done"
    assert (play.order()["state"], play.order()["assigned_to"]) == ("assigned", "Han")


def test_every_verb_of_a_person_fits_or_is_refused_with_a_reason() -> None:
    """No pair of state and verb is left out, but for a confirmed order, which is no longer open."""
    for state in RepairState:
        for verb in VERBS.values() if state is not RepairState.CONFIRMED else ():
            assert (verb in TABLE[state]) != (verb in REFUSED.get(state, {})), (state, verb)
    for state, cells in TABLE.items():
        assert (RepairVerb.JOIN in cells) == (state is not RepairState.CONFIRMED)


@pytest.mark.parametrize(
    ("acts", "refused"),
    [
        ([], [("confirm", "repair_not_reported"), ("reject", "repair_not_reported")]),
        (["arrive"], [("arrive", "repair_on_site"), ("confirm", "repair_not_reported")]),
        (["report"], [("assign", "repair_reported"), ("arrive", "repair_reported"), ("report", "repair_reported")]),
    ],
)
def test_a_verb_that_does_not_fit_changes_nothing(acts: list[str], refused: list[tuple[str, str]]) -> None:
    play = lost()
    for act in acts:
        play.act(act)
    before = play.steps()
    for verb, reason in refused:
        assert play.act(verb, by="Lin", note="x").reason == reason
    assert play.steps() == before


@pytest.mark.parametrize(
    ("verb", "more", "reason"),
    [
        ("open", {"note": ""}, "note_missing"),
        ("open", {"note": "dark", "device": "radar"}, "unknown_device"),
        ("open", {"note": "dark", "lane": "north"}, "unknown_lane"),
        ("open", {"note": "dark", "urgency": "now"}, "unknown_urgency"),
        ("assign", {"to": "Nobody"}, "unknown_operator"),
        ("acknowledge_limit", {}, "no_limit_changed"),
        ("mend", {}, "unknown_verb"),
        ("report", {"by": " "}, "name_missing"),
    ],
)
def test_a_command_that_is_wrong_says_why(verb: str, more: dict[str, Any], reason: str) -> None:
    assert lost().act(verb, **more).reason == reason


def test_an_order_that_is_over_or_never_was_is_not_found() -> None:
    play = mended()
    play.act("confirm", by="Lin")
    assert play.act("report").reason == play.act("report", repair="r9-9").reason == "not_found"


def test_one_that_is_opened_by_hand_has_the_urgency_and_the_words_that_were_said() -> None:
    play = Repairs()
    reply = play.act("open", by="Lin", lane="in", urgency="planned", note="the arm's paint peels")
    assert reply.repair is not None
    assert (reply.repair.kind, reply.repair.urgency, reply.repair.lane) == ("finding", "planned", "in")
    assert (play.order()["note"], play.order()["by"]) == ("the arm's paint peels", "Lin")
    play.act("open", by="Lin", lane="in", note="the lamp is dark")
    assert play.open_orders() == 2


def test_one_by_hand_about_a_device_with_an_open_order_joins_it() -> None:
    play = lost()
    reply = play.act("open", by="Lin", device="reader-in", note="its housing is cracked")
    assert reply.repair is not None
    assert (reply.repair.repair, reply.repair.count) == ("r1-1", 2)
    assert play.open_orders() == 1


def test_orders_by_hand_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.core.repairs.book.BY_HAND_MAX", 2)
    play = Repairs()
    for _ in range(2):
        play.act("open", note="dark")
    assert play.act("open", note="dark").reason == "repairs_full"
    play.lose()
    assert play.open_orders() == 3


# ---- limits


def worn() -> tuple[Repairs, dict[str, Any]]:
    """A barrier that has passed its cycles, and the site file with the next limit."""
    play = Repairs(estate(service_limits={"cycles": 1}))
    for _ in range(2):
        play.let_in()
    return play, estate(service_limits={"cycles": 500})


def test_a_limit_that_is_changed_in_a_repair_is_acknowledged_by_the_control_room() -> None:
    play, document = worn()
    play.act("report", note="oiled")
    play.other_settings(document)
    [change] = play.order()["limits"]
    assert (change["what"], change["before"], change["after"]) == ("service_limits.cycles", 1, 500)
    assert play.act("confirm", by="Lin").reason == "repair_limit_open"
    play.act("acknowledge_limit", by="Cao")
    assert play.order()["limits"][0]["acknowledged_by"] == "Cao"
    assert play.act("confirm", by="Lin").status == "done"


def test_a_service_is_not_confirmed_while_its_counter_is_beyond_the_limit() -> None:
    play, document = worn()
    play.act("report", note="oiled")
    assert play.act("confirm", by="Lin").reason == "repair_fault_lasts"
    play.other_settings(document)
    play.act("acknowledge_limit", by="Cao")
    assert play.act("confirm", by="Lin").status == "done"


def test_a_limit_that_is_back_at_its_old_value_needs_nobodys_word() -> None:
    play, document = worn()
    play.other_settings(document)
    play.other_settings(estate(service_limits={"cycles": 1}))
    assert play.order()["limits"] == ()


def test_at_a_site_without_a_control_room_the_person_who_confirms_acknowledges_the_limit() -> None:
    play, document = worn()
    document["operators"] = [one for one in document["operators"] if one["role"] != "control_room"]
    play.act("report", note="oiled")
    play.other_settings(document)
    assert play.act("confirm", by="Lin").status == "done"


def test_a_limit_of_another_lane_is_of_no_order() -> None:
    play = lost()
    play.other_settings(estate(service_limits={"cycles": 500}))
    assert play.lives() == ["opened"]


# ---- restarts


def test_a_restart_keeps_every_order_and_opens_none_twice() -> None:
    play = lost()
    play.act("assign", by="Mei", to="Han")
    after = play.restarted()
    after.lose()
    assert after.opened() == play.opened()
    assert (after.order()["assigned_to"], after.order()["count"]) == ("Han", 1)
    again = after.restarted()
    again.regain()
    again.act("report")
    assert again.act("confirm", by="Lin").status == "done"
    assert again.restarted().open_orders() == 0


def killed_before(play: Repairs, row: str) -> Playbook:
    """The run after one that was killed before this row was on the disk."""
    last = max(number for number, (_, one) in enumerate(play.kept) if one.type == row)
    play.kept = play.kept[:last]
    return play.restarted(start=False)


def test_a_fault_whose_order_a_power_cut_took_gets_it_at_the_next_start() -> None:
    after = killed_before(lost(), "repair.opened")
    assert [row.type for row in after.rows][-1] == "repair.opened"
    assert after.site.snapshot().repairs.open == 1


def test_a_confirmation_that_a_power_cut_took_leaves_the_order_open() -> None:
    play = mended()
    play.act("confirm", by="Lin")
    assert killed_before(play, "repair.confirmed").site.snapshot().repairs.open == 1


def test_a_removed_device_leaves_its_order_to_people() -> None:
    play = lost()
    document = estate()
    document["devices"] = [one for one in document["devices"] if one["id"] != "reader-in"]
    document["lanes"][0]["readers"] = []
    play.other_settings(document)
    play.act("report", note="taken away")
    assert play.act("confirm", by="Lin").status == "done"


def test_rows_say_nothing_of_people_but_sign_in_names() -> None:
    play = mended()
    known = {"Han", "gateway", None, "browser"}
    for row in play.steps():
        named = {row.data.get(key) for key in ("by", "via", "station", "assigned_to", "reported_by")}
        assert named <= known


def test_the_time_of_an_order_is_that_of_its_fault() -> None:
    assert lost().order()["opened_at"] == "2026-09-21T14:13:20.000Z"
    assert START_WALL_NS // 10**9 == 1_790_000_000


def test_a_view_has_what_its_rows_have() -> None:
    play = lost()
    reply = play.act("assign", by="Mei", to="Han")
    assert reply.repair is not None
    shown = msgspec.to_builtins(reply.repair)
    assert shown.pop("overdue") is None
    assert shown.items() <= play.order().items()


def test_an_event_of_an_early_version_needs_no_station() -> None:
    assert events.RepairCommandReceived("q", "", "open", "Lin").station == ""
