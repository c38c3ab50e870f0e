"""The way back: by time, by a person, by a start; and who may confirm."""

from __future__ import annotations

import errno
import time
from pathlib import Path
from typing import Any

import pytest

from gateway.core.vocabulary.errors import ConflictError, NotFoundError, RefusedError, StorageError
from gateway.engine.settings import drafts as drafts_module
from gateway.store.settings import documents as documents_module
from gateway.store.settings.secrets import check_pin
from tests.engine.settings.conftest import Box, site, until, with_barrier

SOUTH = site(site={"id": "north-court", "name": "South", "locale": "en"})
WEST = site(site={"id": "north-court", "name": "West", "locale": "en"})


def name(box: Box) -> str:
    """The name of the site in the file, and in the engine."""
    shown: str = box.call("state")["site"]["name"]
    assert box.directory.settings().site.name == shown
    return shown


# ---- by time


def test_what_is_not_confirmed_goes_back_by_itself(box: Box) -> None:
    box.apply(with_barrier("in", pulse_ms=900), confirm_s=1)
    assert box.history() == [(1, "confirmed"), (2, "pending")]
    until(lambda: box.history() == [(1, "confirmed"), (2, "rolled_back")])
    until(lambda: box.told() == [("applied", 2, "lin"), ("rolled_back", 2, "gateway")])
    assert box.rows("settings.changed")[-1].data()["reason"] == "time_over"
    until(lambda: box.lane()["arm"] == "closed")
    assert box.orders == []
    box.call("lane.command", request="r1", lane="in", command="open", by="Lin", via="guard")
    until(lambda: ("pulse", "io", 0, 500) in box.orders)


def test_what_is_confirmed_stays(box: Box) -> None:
    done = box.apply(SOUTH, confirm_s=1)
    assert done["until"]
    confirmed = box.ask("site.confirm")
    assert (confirmed["version"], confirmed["state"]) == (2, "confirmed")
    time.sleep(1.6)
    assert (name(box), box.history()) == ("South", [(1, "confirmed"), (2, "confirmed")])
    assert box.told() == [("applied", 2, "lin"), ("confirmed", 2, "lin")]
    with pytest.raises(RefusedError, match="no version waits"):
        box.ask("site.confirm")


def test_zero_seconds_hold_at_once(box: Box) -> None:
    done = box.apply(SOUTH, confirm_s=0)
    assert (done["state"], box.history()) == ("confirmed", [(1, "confirmed"), (2, "confirmed")])
    assert box.told() == [("applied", 2, "lin")]
    assert [row.data()["state"] for row in box.rows("settings.changed")] == ["confirmed"]


def test_the_way_back_begins_buses_anew_too(box: Box) -> None:
    document = site()
    document["devices"][3]["outputs"] = 9
    box.apply(document, confirm_s=1)
    assert len(box.opened) == 5
    until(lambda: box.history()[-1] == (2, "rolled_back"))
    until(lambda: len(box.opened) == 6 and box.lane("out")["arm"] == "closed")
    assert box.bus("io2").configs[0].options.outputs == 8
    assert box.orders == []


def test_a_contact_that_was_turned_round_does_not_keep_the_new_settings_in_force(box: Box, short: None) -> None:
    """The approach loop is inverted by mistake: its lane never looks empty again, and goes back all the same."""
    turned = with_barrier("in", approach_loop={"point": "io.input.3", "normally": "closed"})
    box.apply(turned, confirm_s=1)
    until(lambda: box.lane()["approach"] is True)
    until(lambda: box.history()[-1] == (2, "rolled_back"))
    until(lambda: box.lane()["approach"] is False)


def test_a_lane_that_never_comes_to_rest_is_taken_back_in_the_end(box: Box, short: None) -> None:
    box.apply(with_barrier("in", pulse_ms=900), confirm_s=1)
    until(lambda: box.lane()["arm"] == "closed")
    box.call("lane.command", request="r1", lane="in", command="open", by="Lin", via="guard")
    box.set(at_closed=False)
    until(lambda: box.lane()["arm"] == "rising")
    orders = len(box.orders)
    until(lambda: box.engine._changes.settings.barrier("in").pulse_ms == 500)
    until(lambda: box.lane()["arm"] != "rising")
    assert len(box.orders) == orders


# ---- by whom


@pytest.mark.parametrize(("by", "via"), [("mei", "cli"), ("lin", "http"), ("lin", "browser")])
def test_only_the_author_confirms(box: Box, by: str, via: str) -> None:
    box.apply(SOUTH)
    with pytest.raises(ConflictError, match=r"version 2 was applied by lin \(cli\)"):
        box.ask("site.confirm", by=by, via=via)
    assert box.history()[-1] == (2, "pending")


def test_an_operator_confirms_at_another_screen(box: Box) -> None:
    box.apply(SOUTH, by="Lin", via="browser")
    assert box.ask("site.confirm", by="Lin", via="guard")["state"] == "confirmed"


def test_everybody_may_roll_back(box: Box) -> None:
    box.apply(SOUTH)
    done = box.ask("site.rollback", by="mei", via="http")
    assert (done["version"], done["state"], done["changes"]) == (1, "confirmed", ["site.name"])
    assert (name(box), box.history()) == ("North Court", [(1, "confirmed"), (2, "rolled_back")])
    assert box.told()[-1] == ("rolled_back", 2, "mei")
    assert box.rows("settings.changed")[-1].data()["reason"] == "asked"


def test_a_rollback_is_a_version_and_final_at_once(box: Box) -> None:
    box.apply(SOUTH, confirm_s=0)
    box.apply(WEST, confirm_s=0)
    done = box.ask("site.rollback")
    assert (done["version"], done["state"], done["restores"], name(box)) == (4, "confirmed", 2, "South")
    assert box.ask("site.rollback", version=1)["version"] == 5
    assert name(box) == "North Court"
    assert box.ask("site.rollback", version=5)["changes"] == []
    with pytest.raises(NotFoundError, match="there is no version 9"):
        box.ask("site.rollback", version=9)


def test_a_rollback_to_another_version_than_the_one_before_the_pending_one(box: Box) -> None:
    box.apply(SOUTH, confirm_s=0)
    box.apply(WEST)
    assert box.ask("site.rollback", version=1)["version"] == 4
    assert name(box) == "North Court"
    assert box.history() == [(1, "confirmed"), (2, "confirmed"), (3, "rolled_back"), (4, "confirmed")]


def test_a_first_version_has_none_before(box: Box) -> None:
    with pytest.raises(NotFoundError, match="no confirmed version before version 1"):
        box.ask("site.rollback")


def test_operators_that_the_version_added_go_and_pins_stay(box: Box) -> None:
    people = [{"name": "Lin", "role": "guard", "pin": "86420"}, {"name": "Mei", "role": "leader", "pin": "1357"}]
    box.apply({**SOUTH, "operators": people}, confirm_s=1)
    assert [one["name"] for one in box.call("site.get")["site"]["operators"]] == ["Lin", "Mei"]
    until(lambda: box.history()[-1] == (2, "rolled_back"))
    found = box.directory.settings().operators
    assert [one.name for one in found] == ["Lin"]
    assert check_pin("86420", found[0].pin_hash or "")


def people(box: Box) -> list[tuple[Any, ...]]:
    """The rows about operators: type, whom, role, by whom."""
    found = [(row.type, row.data()) for row in box.rows("operator.added", "operator.removed", "operator.pin_changed")]
    return [(kind, one["operator"], one.get("role"), one["by"], one["via"]) for kind, one in found]


def test_operators_of_a_version_are_journaled_as_by_commands(box: Box) -> None:
    several = [{"name": "Lin", "role": "guard", "pin": "86420"}, {"name": "Mei", "role": "leader", "pin": "1357"}]
    box.apply({**SOUTH, "operators": several}, confirm_s=60)
    changed = [("operator.pin_changed", "Lin", None, "lin", "cli"), ("operator.added", "Mei", "leader", "lin", "cli")]
    assert people(box) == changed
    box.ask("site.confirm")
    assert people(box) == changed
    several[0]["role"] = "leader"
    box.apply({**SOUTH, "operators": several}, by="ann", confirm_s=0)
    role = [("operator.removed", "Lin", "guard", "ann", "cli"), ("operator.added", "Lin", "leader", "ann", "cli")]
    assert people(box) == changed + role
    box.apply({**WEST, "operators": several}, confirm_s=0)
    assert people(box) == changed + role


def test_operators_that_go_with_a_version_are_journaled(box: Box) -> None:
    more = [{"name": "Mei", "role": "leader", "pin": "1357"}]
    box.apply({**SOUTH, "operators": more}, confirm_s=60)
    box.ask("site.rollback", by="ann", via="http")
    assert people(box) == [
        ("operator.added", "Mei", "leader", "lin", "cli"),
        ("operator.removed", "Mei", "leader", "ann", "http"),
    ]


# ---- by a start


def test_a_start_goes_back_first(tmp_path: Path, box: Box) -> None:
    box.apply(with_barrier("in", pulse_ms=900))
    box.stop()
    assert box.directory.settings().barrier("in").pulse_ms == 900
    box.start()
    until(lambda: box.lane()["arm"] == "closed")
    assert box.directory.settings().barrier("in").pulse_ms == 500
    until(lambda: box.told() == [("applied", 2, "lin"), ("rolled_back", 2, "gateway")])
    assert box.rows("settings.changed")[-1].data()["reason"] == "restart"
    assert box.history() == [(1, "confirmed"), (2, "rolled_back")]
    with pytest.raises(RefusedError, match="no version waits"):
        box.ask("site.confirm")


def test_a_start_on_a_full_disk_begins_with_the_version_before_and_stores_that_later(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    box.apply(SOUTH)
    box.stop()
    full = _fill(monkeypatch)
    box.start()
    assert box.call("state")["site"]["name"] == "North Court"
    assert box.directory.settings().site.name == "South"
    full.clear()
    until(lambda: box.history() == [(1, "confirmed"), (2, "rolled_back")])
    assert name(box) == "North Court"
    until(lambda: box.told()[-1] == ("rolled_back", 2, "gateway"))


def _fill(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """The settings cannot be written while the list that is returned holds something."""
    full = [True]
    write = documents_module.write_atomically

    def refuse(path: Path, content: bytes, **more: Any) -> None:
        if full:
            raise StorageError(f"{path} cannot be written ({errno.errorcode[errno.ENOSPC]})")
        write(path, content, **more)

    monkeypatch.setattr(documents_module, "write_atomically", refuse)
    return full


def test_a_full_disk_changes_nothing(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    full = _fill(monkeypatch)
    with pytest.raises(StorageError):
        box.apply(SOUTH)
    full.clear()
    assert (name(box), box.history()) == ("North Court", [(1, "confirmed")])


def test_a_full_disk_keeps_no_settings_in_force(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    box.apply(SOUTH, confirm_s=1)
    full = _fill(monkeypatch)
    until(lambda: box.call("state")["site"]["name"] == "North Court")
    assert box.directory.settings().site.name == "South"
    full.clear()
    until(lambda: box.history() == [(1, "confirmed"), (2, "rolled_back")])
    assert name(box) == "North Court"
    until(lambda: box.told()[-1] == ("rolled_back", 2, "gateway"))


def test_a_confirmation_that_cannot_be_stored_is_none(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    box.apply(SOUTH, confirm_s=60)
    full = _fill(monkeypatch)
    with pytest.raises(StorageError):
        box.ask("site.confirm")
    assert box.history()[-1] == (2, "pending")
    full.clear()
    assert box.ask("site.confirm")["state"] == "confirmed"


# ---- drafts


def test_a_draft_is_checked_shown_applied_and_confirmed(box: Box) -> None:
    draft = box.ask("site.draft", document=SOUTH, by="central", via="http")
    assert [one["path"] for one in draft["changes"]] == ["site.name"]
    assert (draft["base"], name(box)) == (1, "North Court")
    done = box.ask("site.draft.apply", draft=draft["id"], by="central", via="http")
    assert (done["version"], done["state"], name(box)) == (2, "pending", "South")
    assert box.ask("site.draft.apply", draft=draft["id"], by="central", via="http")["version"] == 2
    confirmed = box.ask("site.draft.confirm", draft=draft["id"], by="central", via="http")
    assert (confirmed["state"], box.history()[-1]) == ("confirmed", (2, "confirmed"))


def test_a_draft_that_is_discarded_after_it_was_applied_goes_back(box: Box) -> None:
    draft = box.ask("site.draft", document=SOUTH)["id"]
    box.ask("site.draft.apply", draft=draft)
    box.ask("site.draft.discard", draft=draft, by="mei")
    assert (name(box), box.history()) == ("North Court", [(1, "confirmed"), (2, "rolled_back")])
    with pytest.raises(NotFoundError, match="there is no draft"):
        box.ask("site.draft.apply", draft=draft)


def test_a_draft_that_is_discarded_before_leaves_nothing(box: Box) -> None:
    draft = box.ask("site.draft", document=SOUTH)["id"]
    with pytest.raises(RefusedError, match="was not applied"):
        box.ask("site.draft.confirm", draft=draft)
    box.ask("site.draft.discard", draft=draft)
    assert box.history() == [(1, "confirmed")]


def test_a_draft_of_an_older_version_is_not_applied(box: Box) -> None:
    draft = box.ask("site.draft", document=SOUTH)["id"]
    box.apply(WEST, by="mei", confirm_s=0)
    with pytest.raises(ConflictError, match="version 2 by mei"):
        box.ask("site.draft.apply", draft=draft)
    with pytest.raises(ConflictError, match="version 2 by mei"):
        box.ask("site.draft", document=SOUTH, base=1)
    assert name(box) == "West"


def test_drafts_are_few_and_not_kept_for_long(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [box.ask("site.draft", document=SOUTH)["id"] for _ in range(drafts_module.DRAFTS_MAX + 1)]
    with pytest.raises(NotFoundError):
        box.ask("site.draft.apply", draft=ids[0])
    monkeypatch.setattr(drafts_module, "LIFE_S", -1)
    with pytest.raises(NotFoundError, match="kept for an hour"):
        box.ask("site.draft.apply", draft=ids[-1])


def test_a_draft_tells_how_far_it_is(box: Box, short: None) -> None:
    def state() -> Any:
        return box.call("site.draft.state", draft=draft)

    draft = box.ask("site.draft", document=with_barrier("in", pulse_ms=900))["id"]
    box.set(approach=True)
    until(lambda: box.lane()["approach"])
    first = box.ask("site.draft.apply", draft=draft, patience_s=0)
    assert (first["state"], state()["lanes"]) == ("waiting", [{"lane": "in", "name": "in", "reason": "car"}])
    until(lambda: state()["state"] == "refused")
    assert "must be at rest and empty" in state()["detail"]
    box.set(approach=False)
    until(lambda: not box.lane()["approach"])
    box.ask("site.draft.apply", draft=draft)
    assert (state()["state"], state()["version"]) == ("pending", 2)
    with pytest.raises(NotFoundError, match="there is no draft"):
        box.call("site.draft.state", draft="other")


def test_a_token_changes_no_operators(box: Box) -> None:
    from gateway.core.vocabulary.errors import SettingsError

    with pytest.raises(SettingsError) as caught:
        box.ask("site.draft", document={**SOUTH, "operators": []}, by_token=True)
    assert [path for path, _ in caught.value.problems] == ["operators"]
    shown = box.call("site.get", by_token=True)["site"]
    draft = box.ask("site.draft", document={**shown, "site": SOUTH["site"]}, by_token=True)["id"]
    box.ask("site.draft.apply", draft=draft, confirm_s=0)
    assert [one.name for one in box.directory.settings().operators] == ["Lin"]
