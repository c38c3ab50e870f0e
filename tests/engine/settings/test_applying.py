"""Settings applied to an engine that runs: what it takes, what goes on, what begins anew, and who may say so."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import pytest

from gateway.core.vocabulary.errors import ConflictError, GatehouseError, NotFoundError, RefusedError, SettingsError
from gateway.core.vocabulary.events import InputsRead
from tests.engine.settings.conftest import Box, lane, site, until, with_barrier


def let_in(box: Box) -> None:
    """A resident's card opens the entry."""
    document = {"id": "p1", "kind": "monthly", "cards": ["7"]}
    box.call("passes.put", **{"pass": document}, by="lin", via="cli")
    box.set(approach=True)
    box.card()
    until(lambda: ("pulse", "io", 0, 500) in box.orders and box.lane()["grants"] == 1)


def drive_in(box: Box) -> None:
    """The vehicle that was let in passes under the rising arm, which then closes."""
    for contact, value in (("at_open", True), ("safety", True), ("approach", False), ("safety", False)):
        box.set(**{contact: value})
        key, expected = ("arm", "open") if contact == "at_open" else (contact, value)
        until(partial(_shows, box, key, expected))
    until(lambda: ("pulse", "io", 1, 500) in box.orders)


def _shows(box: Box, key: str, expected: Any) -> bool:
    return bool(box.lane()[key] == expected)


# ---- what is applied


def test_a_figure_of_the_site_holds_at_once_and_no_lane_is_touched(box: Box) -> None:
    let_in(box)
    before = box.lane()
    done = box.apply(site(site={"id": "north-court", "name": "South Court", "locale": "zh_CN"}))
    assert (done["version"], done["state"], done["changes"]) == (2, "pending", ["site.name", "site.locale"])
    state = box.call("state")
    assert state["site"]["name"] == "South Court"
    keys = ("arm", "grants", "waiting_grants", "since", "state")
    assert {key: box.lane()[key] for key in keys} == {key: before[key] for key in keys}
    assert [bus.devices for bus in box.opened] == [("reader-in",), ("reader-out",), ("io",), ("io2",)]
    assert box.told() == [("applied", 2, "lin")]


def test_the_time_to_confirm_follows_what_was_changed(box: Box) -> None:
    plan = box.call("site.plan", document=site(site={"id": "north-court", "name": "x"}))
    assert (plan["confirm_s"], plan["lanes"], plan["wiring"], plan["base"]) == (90, [], False, 1)
    plan = box.call("site.plan", document=with_barrier("in", pulse_ms=900))
    assert (plan["confirm_s"], plan["lanes"]) == (90, ["in"])
    plan = box.call("site.plan", document=with_barrier("in", close="io.output.5"))
    assert (plan["confirm_s"], plan["wiring"]) == (600, True)
    assert plan["changes"] == [
        {
            "path": "lanes.in.barrier.close",
            "old": "io.output.1",
            "new": "io.output.5",
            "words": "lanes.in.barrier.close: io.output.1 -> io.output.5",
        }
    ]
    assert box.history() == [(1, "confirmed")]


def test_nothing_to_change_makes_no_version(box: Box) -> None:
    assert box.apply(site())["changes"] == []
    assert box.history() == [(1, "confirmed")]
    assert box.told() == []


def test_every_fault_is_named_and_nothing_is_changed(box: Box) -> None:
    wrong = with_barrier("in", pulse_ms=7)
    wrong["devices"][0]["driver"] = "nope"
    with pytest.raises(SettingsError) as caught:
        box.apply(wrong)
    assert [path for path, _ in caught.value.problems] == ["lanes[0].barrier.pulse_ms", "devices[0].driver"]
    for nonsense in (None, 7, [], "x"):
        with pytest.raises(SettingsError):
            box.apply(nonsense)
    assert box.history() == [(1, "confirmed")]


# ---- lanes


@pytest.mark.parametrize("together", [(), ("io", "io2")], ids=["wires of their own", "one wire"])
def test_a_car_at_another_lane_goes_on_while_a_lane_is_rewired(box: Box, together: tuple[str, ...]) -> None:
    """A car is on its way in; the exit gets another terminal: no row, no movement, no gap at the entry."""
    if together:
        box.stop()
        box.together = together
        box.start()
        until(lambda: box.lane()["arm"] == "closed")
    let_in(box)
    box.set(at_closed=False)
    until(lambda: box.lane()["arm"] == "rising")
    before, rows, orders = box.lane(), len(box.rows()), list(box.orders)
    box.apply(with_barrier("out", open="io2.output.5"))
    after = box.lane()
    same = ("arm", "grants", "waiting_grants", "case", "since", "requested", "last_grant", "crossing")
    assert {key: after[key] for key in same} == {key: before[key] for key in same}
    assert box.orders == orders
    assert [row.type for row in box.rows()[rows:]] == ["settings.changed"]
    drive_in(box)
    assert len(box.rows("passage.entered")) == 1


def test_a_touched_lane_works_by_the_new_settings(box: Box) -> None:
    box.apply(with_barrier("in", pulse_ms=900, open="io.output.4"))
    until(lambda: box.lane()["arm"] == "closed")
    assert box.orders == []
    box.call("passes.put", **{"pass": {"id": "p1", "kind": "monthly", "cards": ["7"]}}, by="lin", via="cli")
    box.card()
    until(lambda: ("pulse", "io", 4, 900) in box.orders)
    assert [bus.devices for bus in box.opened] == [("reader-in",), ("reader-out",), ("io",), ("io2",)]


def test_a_read_right_after_the_change_waits_for_the_boards(box: Box) -> None:
    """The lane is made anew and knows nothing yet; the car that comes in that moment is served all the same."""
    box.call("passes.put", **{"pass": {"id": "p1", "kind": "monthly", "cards": ["7"]}}, by="lin", via="cli")
    box.answering = False
    done = box.in_background(lambda: box.apply(with_barrier("in", pulse_ms=900), confirm_s=0))
    until(lambda: box.bus("io").told == 2)
    done()
    document = with_barrier("in", pulse_ms=900)
    document["devices"][2]["inputs"] = 9
    box.apply(document, confirm_s=0)
    box.card()
    time.sleep(0.1)
    assert box.orders == []
    box.bus("io").tell_anew(["io"])
    until(lambda: ("pulse", "io", 0, 900) in box.orders)
    assert not box.rows("access.referred")


def test_a_new_lane_appears_and_a_removed_one_goes(box: Box) -> None:
    more = site()
    more["devices"].append({"id": "io3", "driver": "noop"})
    more["lanes"].append({**lane("side", "io3"), "readers": []})
    box.apply(more, confirm_s=0)
    until(lambda: "side" in box.lanes() and box.lane("side")["arm"] == "closed")
    assert (
        box.call("lane.command", request="r1", lane="side", command="open", by="Lin", via="guard")["status"] == "done"
    )
    until(lambda: ("pulse", "io3", 0, 500) in box.orders)
    box.inputs["io3"][:2] = [True, False]
    box.set("io3", at_open=True, at_closed=False)
    box.set("io3", at_open=False, at_closed=True)
    until(lambda: box.lane("side")["state"] == "ready" and not box.lane("side")["grants"])
    box.apply(site(), confirm_s=0)
    until(lambda: box.lanes() == ["in", "out"])
    with pytest.raises(NotFoundError):
        box.call("lane.command", request="r2", lane="side", command="open", by="Lin", via="guard")
    assert [one["id"] for one in box.call("state")["devices"]] == ["reader-in", "reader-out", "io", "io2"]


# ---- waiting for lanes


def test_a_touched_lane_is_waited_for_and_that_is_said(box: Box) -> None:
    let_in(box)
    box.set(at_closed=False)
    progress: list[dict[str, Any]] = []
    document = with_barrier("in", pulse_ms=900)
    done = box.in_background(
        lambda: box.client.call(
            "site.apply", timeout_s=30, on_progress=progress.append, document=document, by="lin", via="cli"
        )
    )
    until(lambda: progress)
    assert progress[0]["words"] == "waiting for lane in: the arm moves, or was asked to move"
    assert progress[0]["lanes"] == ["in"]
    assert box.history() == [(1, "confirmed")], "nothing is stored while lanes are waited for"
    assert box.lane()["arm"] == "rising"
    drive_in(box)
    box.set(at_open=False)
    box.set(at_closed=True)
    assert done()["version"] == 2
    until(lambda: box.lane()["state"] == "ready")
    assert len(box.rows("passage.entered")) == 1


def test_a_lane_that_does_not_come_to_rest_is_named_and_nothing_is_changed(box: Box, short: None) -> None:
    box.set(approach=True)
    until(lambda: box.lane()["approach"])
    with pytest.raises(RefusedError, match=r"lane in: a vehicle is in front of the arm.*nothing was changed"):
        box.apply(with_barrier("in", pulse_ms=900))
    assert box.history() == [(1, "confirmed")]
    assert box.lane()["approach"] is True
    assert box.apply(with_barrier("out", pulse_ms=900))["version"] == 2


# ---- buses


def test_only_the_bus_of_a_changed_device_begins_anew(box: Box) -> None:
    document = site()
    document["devices"][3]["outputs"] = 9
    old = box.bus("io2")
    box.outputs["io2"][6] = True
    box.apply(document)
    until(lambda: box.lane("out")["arm"] == "closed")
    assert box.opened[-1].devices == ("io2",)
    assert (old.runs, box.bus("io2").runs) == (False, True)
    assert [box.bus(one).told for one in ("io", "reader-in")] == [1, 1]
    assert box.orders == [], "what the board was left with stays, and nothing moves"
    assert box.call("ping")["ready"]


def test_a_device_that_shares_the_wire_begins_anew_too(box: Box) -> None:
    box.together = ("io", "io2")
    document = site()
    document["devices"][2]["outputs"] = 9
    document["devices"][3]["outputs"] = 9
    box.apply(document, confirm_s=0)
    assert box.opened[-1].devices == ("io", "io2")
    document["devices"][3]["outputs"] = 10
    assert sorted(box.call("site.plan", document=document)["lanes"]) == ["in", "out"]
    box.apply(document, confirm_s=0)
    assert [bus.devices for bus in box.opened[-2:]] == [("io", "io2"), ("io", "io2")]
    until(lambda: box.lane("in")["arm"] == "closed")


def test_another_name_of_a_device_touches_no_bus(box: Box) -> None:
    document = site()
    document["devices"][2]["name"] = "North board"
    document["devices"][1]["inputs"] = 8
    box.apply(document)
    assert len(box.opened) == 4
    assert box.call("state")["devices"][2]["name"] == "North board"


def test_what_the_old_bus_still_tells_is_not_of_the_new_board(box: Box) -> None:
    """Its last words wait in the queue, or come late from a bus that hangs."""
    document = site()
    document["devices"][2]["outputs"] = 9
    old = box.bus("io")
    box.answering = False
    rows = len(box.rows())
    box.stubborn = True
    done = box.in_background(lambda: box.apply(document))
    until(lambda: box.lane()["arm"] == "unknown")
    old.report(InputsRead("io", (True, False, True, True, False, False, False, False)))
    time.sleep(0.05)
    assert box.lane()["arm"] == "unknown"
    assert box.lane()["safety"] is None
    done()
    assert [row.type for row in box.rows()[rows:]] == ["settings.changed"]
    box.bus("io").tell_anew(["io"])
    until(lambda: box.lane()["arm"] == "closed")


def test_a_device_that_cannot_be_set_up_is_said_before_anything_is_touched(box: Box) -> None:
    document = site()
    document["devices"][3]["outputs"] = 9
    box.fails = RuntimeError("a driver of another package")
    with pytest.raises(SettingsError, match="cannot be set up"):
        box.apply(document)
    assert (box.history(), box.lane("out")["arm"]) == ([(1, "confirmed")], "closed")


def test_the_watchdog_sees_the_buses_that_run(box: Box) -> None:
    before = {part.name: part for part in box.engine.supervised()}
    document = site()
    document["devices"][3]["outputs"] = 9
    box.apply(document)
    after = {part.name: part for part in box.engine.supervised()}
    assert after.keys() == before.keys()
    assert [name for name in after if after[name] is not before[name]] == ["bus io2"]


# ---- what else holds settings


def test_every_part_follows(box: Box) -> None:
    document = site(
        gateway={"id": "gw2", "clock": "kernel", "journal_wait_ms": 700, "retention": {"days": 3}},
        site={"id": "south-court", "name": "South", "timezone": "UTC", "locale": "en", "capacity": 1},
        uplink={"mqtt": {"host": "central", "consumer": "head-office"}},
        stations=[{"id": "booth", "lanes": ["in"]}],
    )
    box.apply(document, confirm_s=0)
    state, ping = box.call("state"), box.call("ping")
    assert (ping["gateway"], state["gateway"]["id"], state["site"]["timezone"]) == ("gw2", "gw2", "UTC")
    assert state["uplink"]["configured"]
    engine: Any = box.engine
    assert engine._keeper._rules.days == 3
    assert engine._loop.waits._wait_ns == 700_000_000
    assert engine._stores.consumers._central == "head-office"
    assert engine._lookups._capacity == 1
    assert engine._clock._trusted is False
    assert box.call("station.key", station="booth", by="lin", via="cli")["station"] == "booth"
    last = box.rows()[-1]
    assert '"source":"/sites/south-court/gateways/gw2"' in last.text
    assert last.subject == "devices/gw2"
    for part in (engine._changes.settings, engine._clerk._settings, engine._handlers._settings):
        assert part.gateway.id == "gw2"
    assert engine._loop._standby.settings.gateway.id == "gw2"


def test_nothing_in_the_engine_holds_the_old_settings(box: Box) -> None:
    """Every object that the engine reaches is looked at: none still knows the name of the site before."""
    box.apply(site(site={"id": "north-court", "name": "South Court", "locale": "en", "capacity": 3}), confirm_s=0)
    stale = sorted(_reaches(box.engine, lambda one: type(one).__name__ == "Site" and _named(one) == "North Court"))
    assert stale == ["._settings"], stale


def _named(one: Any) -> str:
    return str(getattr(one, "name", ""))


def _reaches(root: Any, found: Any) -> list[str]:
    """The paths by which objects of ours are reached from another one, as far as their attributes go."""
    seen: set[int] = set()
    paths: list[str] = []
    waiting: list[tuple[str, Any]] = [("", root)]
    while waiting:
        path, one = waiting.pop()
        if id(one) in seen or path.count(".") > 8:
            continue
        seen.add(id(one))
        if found(one):
            paths.append(path.rpartition(".")[0])
            continue
        module = type(one).__module__
        if isinstance(one, dict):
            waiting += [(path, value) for value in one.values()]
        elif isinstance(one, list | tuple | set | frozenset):
            waiting += [(path, value) for value in one]
        elif hasattr(one, "__struct_fields__"):
            waiting += [(f"{path}.{name}", getattr(one, name)) for name in one.__struct_fields__]
        elif module.startswith(("gateway.", "drivers.")) and hasattr(one, "__dict__"):
            waiting += [(f"{path}.{name}", value) for name, value in vars(one).items()]
    return paths


# ---- a fault of the program


def test_a_core_that_fails_on_the_settings_leaves_the_old_ones_in_force(box: Box) -> None:
    from gateway.core.settings.exchange import SettingsChanged

    handlers = box.engine._loop._core._handlers

    def planted(*_event: Any) -> None:
        raise RuntimeError("planted")

    handlers[SettingsChanged] = [*handlers[SettingsChanged], planted]
    with pytest.raises(GatehouseError, match="the core could not take these settings"):
        box.apply(with_barrier("in", pulse_ms=900))
    assert box.history() == [(1, "confirmed"), (2, "rolled_back")]
    assert box.rows("settings.changed")[-1].data()["reason"] == "not_applied"
    assert box.directory.settings().barrier("in").pulse_ms == 500
    until(lambda: box.lane()["arm"] == "closed")
    assert [one["kind"] for one in box.call("state")["alarms"]] == ["fault"]
    assert box.engine._changes.settings.barrier("in").pulse_ms == 500


def test_a_core_that_fails_afterwards_is_rebuilt_with_the_new_settings(box: Box) -> None:
    from gateway.core.vocabulary.events import UplinkChanged

    box.apply(with_barrier("in", pulse_ms=900), confirm_s=0)

    def planted(*_event: Any) -> None:
        raise RuntimeError("planted")

    box.engine._loop._core._handlers[UplinkChanged] = [planted]
    box.call("uplink.report", up=False)
    until(lambda: box.rows("gateway.started")[-1].data()["reason"] == "rebuilt")
    until(lambda: box.lane()["arm"] == "closed")
    box.call("lane.command", request="r1", lane="in", command="open", by="Lin", via="guard")
    until(lambda: ("pulse", "io", 0, 900) in box.orders)


def test_one_change_at_a_time(box: Box) -> None:
    """Two authors who have seen the same version: the second one is told who was first."""
    box.apply(site(site={"id": "north-court", "name": "South"}), base=1, confirm_s=0)
    with pytest.raises(ConflictError, match=r"version 2 by lin at .* holds, and not version 1"):
        box.apply(site(site={"id": "north-court", "name": "West"}), by="mei", base=1)
    box.apply(site(site={"id": "north-court", "name": "West"}), by="mei", base=2)
    with pytest.raises(ConflictError, match=r"version 3 by mei at .* waits to be confirmed"):
        box.apply(site(), by="lin")


def test_the_settings_say_which_version_they_are(box: Box) -> None:
    found = box.call("site.get")
    assert (found["version"], found["state"], found["site"]) == (1, "confirmed", site())
    box.apply(site(site={"id": "north-court", "name": "South"}))
    found = box.call("site.get", by_token=True)
    assert (found["version"], found["state"]) == (2, "pending")
    assert found["until"]
    assert "operators" not in found["site"]


def test_what_only_looks_does_not_wait_for_lanes(box: Box) -> None:
    box.set(approach=True)
    until(lambda: box.lane()["approach"])
    done = box.in_background(lambda: box.apply(with_barrier("in", pulse_ms=900)))
    until(lambda: box.engine._loop._offer is not None)
    assert box.history() == [(1, "confirmed")]
    assert box.call("site.get")["version"] == 1
    box.set(approach=False)
    assert done()["version"] == 2


def test_an_engine_that_stops_gives_a_waiting_change_up(box: Box) -> None:
    box.set(approach=True)
    until(lambda: box.lane()["approach"])
    done = box.in_background(lambda: box.apply(with_barrier("in", pulse_ms=900)))
    until(lambda: box.engine._loop._offer is not None)
    box.stop()
    with pytest.raises(GatehouseError):
        done()
    assert box.directory.versions.current.version == 1
    box.start()


def test_what_is_edited_beside_the_versions_is_taken_too(box: Box) -> None:
    """The first set-up names the site in the same write in which it makes its first operator."""
    box.directory.documents.edit(lambda document: {**document, "site": {**document["site"], "name": "Named"}})
    until(lambda: box.call("state")["site"]["name"] == "Named")
    box.directory.documents.edit(lambda document: {**document, "lanes": []})
    time.sleep(1.2)
    assert box.lanes() == ["in", "out"]
    assert box.history() == [(1, "confirmed")]
