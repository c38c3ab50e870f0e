"""The engine whole: real core, real stores, real control socket; only the wires are played by hand."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import apsw
import pytest

from gateway.control import Client
from gateway.core.vocabulary.errors import (
    BusyError,
    DataDirectoryError,
    GatehouseError,
    InUseError,
    NotFoundError,
    PassError,
    RequestError,
    RevisionConflictError,
    StorageError,
)
from gateway.core.vocabulary.events import CredentialRead, DeviceLost
from gateway.engine.watchdog import Notifier, Watchdog
from gateway.store.journal.writer import Row
from tests.engine.conftest import until
from tests.support.engine import SITE, Running

PASS = {"id": "p1", "kind": "monthly", "cards": ["472288"], "holder": "Wang", "phone": "+86 139 0000"}
OPEN_IN = ("pulse", "io", 0, 500, True)


def with_pass(running: Running, **changes: Any) -> Any:
    return running.client.call("passes.put", **{"pass": {**PASS, **changes}}, by="office")


def command(running: Running, name: str, request: str = "r1", **params: Any) -> Any:
    asked = {"request": request, "lane": "in", "command": name, "by": "Lin", "via": "guard"}
    return running.client.call("lane.command", **{**asked, **params})


class FullDisk:
    """Makes the journal of a running engine refuse rows until `free`."""

    def __init__(self, running: Running) -> None:
        self._journal = running.engine._stores.journal
        self._append = self._journal.append
        self._journal.append = self._refuse  # type: ignore[method-assign]

    def _refuse(self, _rows: Sequence[Row]) -> range:
        raise StorageError("the disk is full; make room")

    def free(self) -> None:
        self._journal.append = self._append  # type: ignore[method-assign]


# ---- the path ----------------------------------------------------------------------------------------------------


def test_a_known_card_opens_the_arm_and_the_row_comes_first(running: Running) -> None:
    with_pass(running)
    running.bus.card("472288")
    until(lambda: running.bus.orders)
    assert running.bus.orders == [OPEN_IN]
    types = running.types()
    assert types.index("access.granted") < types.index("barrier.commanded")


def test_an_unknown_card_stays_outside_with_its_reason(running: Running) -> None:
    running.bus.card("1")
    until(lambda: running.rows("access.denied"))
    assert running.rows("access.denied")[0].data()["reason"] == "unknown_credential"
    assert running.bus.orders == []


def test_a_start_moves_nothing(tmp_path: Path) -> None:
    running = Running(tmp_path / "data")
    running.bus.restore(closed=False)
    until(lambda: running.lane()["interrupted"])
    running.stop()
    assert running.bus.orders == []
    assert running.types() == ["gateway.started", "gateway.stopped"]


def test_a_guard_opens_and_is_named_in_the_journal(running: Running) -> None:
    assert command(running, "open")["status"] == "done"
    until(lambda: running.bus.orders == [OPEN_IN])
    assert running.rows("barrier.commanded")[0].data()["by"] == "Lin"


def test_a_crash_is_shown_and_outlives_a_restart(running: Running) -> None:
    running.bus.set(detached=True)
    until(lambda: running.lane()["mode"] == "crashed")
    running.stop()
    running.start()
    running.bus.restore()
    assert running.lane()["mode"] == "crashed"
    assert running.alarms() == ["crash"]


def test_an_alarm_is_acknowledged_by_name(running: Running) -> None:
    running.bus.set(detached=True)
    until(lambda: running.client.call("state")["alarms"])
    alarm = running.client.call("state")["alarms"][0]["alarm"]
    answer = running.client.call("alarm.command", request="a", alarm=alarm, verb="acknowledge", by="Lin")
    assert (answer["state"], answer["acknowledged_by"]) == ("acknowledged", "Lin")
    with pytest.raises(NotFoundError):
        running.client.call("alarm.command", request="b", alarm="no", verb="close", by="Lin")


def test_a_vehicle_inside_is_known_when_its_card_is_read_again(running: Running) -> None:
    with_pass(running)
    running.bus.card("472288")
    until(lambda: running.bus.orders)
    running.bus.set(at_closed=False)
    running.bus.set(at_open=True)
    until(lambda: running.lane()["arm"] == "open")
    running.bus.set(safety=True)
    until(lambda: running.lane()["crossing"] == "under")
    running.bus.set(safety=False)
    until(lambda: running.rows("passage.entered"))
    lookups = running.engine._stores.state_lookups
    until(lambda: lookups.open_visits("p1"))


def test_a_household_has_its_places_through_the_engine_and_after_a_restart(tmp_path: Path) -> None:
    running = Running(tmp_path / "data", {**SITE, "groups": [{"id": "12-3", "places": 1}]})
    running.bus.restore()
    with_pass(running, group="12-3")
    with_pass(running, id="p2", cards=["7"], group="12-3")
    running.bus.card("472288")
    until(lambda: running.bus.orders)
    running.bus.card("7")
    until(lambda: len(running.rows("access.referred")) == 1)
    running.bus.set(at_closed=False)
    running.bus.set(at_open=True)
    until(lambda: running.lane()["arm"] == "open")
    running.bus.set(safety=True)
    until(lambda: running.lane()["crossing"] == "under")
    running.bus.set(safety=False)
    until(lambda: running.rows("passage.entered"))
    running.stop()
    running.start()
    running.bus.restore()
    running.bus.card("7")
    until(lambda: len(running.rows("access.referred")) == 2)
    assert {row.data()["reason"] for row in running.rows("access.referred")} == {"places_full"}
    running.stop()


# ---- what may be asked -------------------------------------------------------------------------------------------


def test_ping_tells_what_is_missing_until_every_device_was_tried(tmp_path: Path) -> None:
    running = Running(tmp_path / "data")
    running.bus.polled = False
    ping = running.client.call("ping")
    assert (ping["ready"], ping["missing"]) == (False, ["device reader-in", "device io"])
    running.bus.polled = True
    assert running.client.call("ping")["ready"] is True
    running.stop()


def test_the_snapshot_carries_ages_and_nothing_personal(running: Running) -> None:
    with_pass(running)
    running.bus.card("472288")
    until(lambda: running.lane()["last_decision"])
    state = running.client.call("state")
    assert {"as_of", "site", "gateway", "journal", "lanes", "alarms", "repairs", "devices", "uplink"} == set(state)
    assert state["lanes"][0]["age_ms"] >= 0
    assert state["devices"][1]["state"] == "online"
    assert state["gateway"]["clock"] == "synced"
    assert "Wang" not in str(state) and "+86 139" not in str(state)


def test_a_watcher_sees_a_change_and_the_rows_behind_it(running: Running) -> None:
    states = running.client.watch(dict[str, Any])
    before = next(states)["journal"]["sequence"]
    running.bus.card("1")
    for state in states:
        if state["journal"]["sequence"] > before and state["lanes"][0]["last_decision"]:
            break
    states.close()  # type: ignore[attr-defined]


def test_an_op_that_there_is_not_names_those_that_there_are(running: Running) -> None:
    with pytest.raises(RequestError, match=r"known here: acceptance\.act, acceptance\.look, alarm\.command, bench"):
        running.client.call("reboot")


def test_a_pass_is_issued_changed_and_removed_without_a_name_in_the_journal(
    running: Running,
) -> None:
    assert with_pass(running) == {"pass": {**PASS, "revision": 1}, "created": True}
    assert with_pass(running, bay="B7")["pass"]["revision"] == 2
    with pytest.raises(RevisionConflictError):
        running.client.call("passes.put", **{"pass": PASS}, if_revision=1, by="office")
    assert running.client.call("passes.delete", pass_id="p1", if_revision=2, by="office") == {}
    with pytest.raises(NotFoundError):
        running.client.call("passes.delete", pass_id="p1", by="office")
    rows = running.rows("pass.issued", "pass.changed", "pass.removed")
    assert [(row.type, row.data()["revision"]) for row in rows] == [
        ("pass.issued", 1),
        ("pass.changed", 2),
        ("pass.removed", 2),
    ]
    assert not any("Wang" in row.text or "+86 139" in row.text for row in rows)


def test_a_pass_that_did_not_change_leaves_no_row(running: Running) -> None:
    with_pass(running)
    assert with_pass(running)["pass"]["revision"] == 1
    assert running.types().count("pass.changed") == 0


def test_a_wrong_pass_is_refused_in_words(running: Running) -> None:
    with pytest.raises(PassError, match="kind"):
        with_pass(running, kind="yearly")
    assert running.types() == ["gateway.started"]


def test_a_batch_is_one_row_with_count_and_digest(running: Running) -> None:
    passes = [{"id": f"p{n}", "kind": "monthly", "cards": [str(n)]} for n in range(1, 40)]
    answer = running.client.call("passes.batch", passes=passes, by="central")
    assert (answer["count"], answer["created"], answer["changed"]) == (39, 39, 0)
    row = running.rows("passes.imported")[0].data()
    assert (row["count"], row["digest"], row["by"]) == (39, answer["digest"], "central")


def test_a_file_is_imported_with_progress_and_decides_afterwards(running: Running, tmp_path: Path) -> None:
    file = tmp_path / "passes.csv"
    file.write_text("id,kind,cards\n" + "".join(f"p{n},monthly,{n}\n" for n in range(1, 5001)))
    progress: list[Any] = []
    answer = running.client.call(
        "passes.import", timeout_s=60, on_progress=progress.append, file=str(file), by="office"
    )
    assert answer["count"] == 5000
    assert progress and all(one["rows"] > 0 for one in progress)
    running.bus.card("4711")
    until(lambda: running.bus.orders == [OPEN_IN])


def test_a_file_with_a_bad_row_imports_nothing_and_says_which(running: Running, tmp_path: Path) -> None:
    file = tmp_path / "passes.csv"
    file.write_text("id,kind,cards\na,monthly,1\nb,yearly,2\n")
    with pytest.raises(GatehouseError, match="line 3, kind"):
        running.client.call("passes.import", timeout_s=60, file=str(file), by="office")
    assert running.rows("passes.imported") == []
    with pytest.raises(RequestError, match="absolute"):
        running.client.call("passes.import", file="passes.csv", by="office")


def test_a_dry_run_changes_nothing(running: Running, tmp_path: Path) -> None:
    file = tmp_path / "passes.csv"
    file.write_text("id,kind,cards\na,monthly,1\n")
    answer = running.client.call("passes.import", timeout_s=60, file=str(file), dry_run=True, by="office")
    assert answer["created"] == 1
    assert running.rows("passes.imported") == []
    running.bus.card("1")
    until(lambda: running.rows("access.denied"))


def test_while_an_import_runs_others_are_told_to_wait_and_the_gate_decides(running: Running, tmp_path: Path) -> None:
    with_pass(running)
    clerk = running.engine._clerk
    assert clerk._importing.acquire(blocking=False)
    with pytest.raises(BusyError):
        with_pass(running, bay="B7")
    with pytest.raises(BusyError):
        running.client.call("passes.import", file=str(tmp_path / "x.csv"), by="office")
    running.bus.card("472288")
    until(lambda: running.bus.orders == [OPEN_IN])
    clerk._importing.release()
    assert with_pass(running, bay="B7")["pass"]["revision"] == 2


def test_a_sign_in_is_journaled(running: Running) -> None:
    answer = running.client.call(
        "journal.note",
        type="operator.signed_in",
        data={"by": "Lin", "role": "guard"},
    )
    assert running.rows("operator.signed_in")[0].sequence == answer["sequence"]


def test_a_note_is_no_longer_than_a_brokers_packet(running: Running) -> None:
    with pytest.raises(RequestError, match=r"journal\.note"):
        running.client.call("journal.note", type="operator.signed_in", data={"by": "x" * 5_000})


def test_an_ignored_confirmation_is_journaled_by_the_name_of_its_consumer(running: Running) -> None:
    ignored = {"consumer": "hq", "event": "x.7", "head": "0" * 64, "reason": "other_hash", "count": 1, "by": "hq"}
    running.client.call("journal.note", type="journal.confirmation_ignored", data=ignored)
    (row,) = running.rows("journal.confirmation_ignored")
    assert (row.subject, row.data()) == ("journal", {**ignored, "via": "mqtt"})


def test_nobody_writes_other_rows_through_a_note(running: Running) -> None:
    with pytest.raises(RequestError, match="type"):
        running.client.call("journal.note", type="access.granted", data={})


def test_a_token_is_made_listed_and_revoked_and_its_secret_is_nowhere(running: Running) -> None:
    made = running.client.call("token.create", name="central", scopes=["events:read"], by="root")
    listed = running.client.call("token.list")
    assert [(one["name"], one["scopes"]) for one in listed] == [("central", ["events:read"])]
    assert running.client.call("token.revoke", name="central", by="root") == {"revoked": [made["id"]]}
    assert running.client.call("token.list") == []
    rows = running.rows("settings.changed")
    assert [row.data()["what"] for row in rows] == ["token_created", "token_revoked"]
    assert made["token"] not in str(rows) + str(listed)


def test_the_uplink_is_journaled_when_it_changes_and_shown_always(running: Running) -> None:
    def report(up: bool, waiting: int) -> None:
        running.client.call("uplink.report", up=up, reason="refused", waiting=waiting)

    report(True, 0)
    report(False, 5)
    report(False, 9)
    until(lambda: running.client.call("state")["uplink"]["waiting"] == 9)
    assert running.client.call("state")["uplink"]["up"] is False
    until(lambda: running.rows("uplink.lost"))
    assert running.types().count("uplink.lost") == 1
    assert running.types().count("uplink.restored") == 0


def test_an_uplink_lost_in_the_last_run_is_restored_by_the_first_good_report(running: Running) -> None:
    running.client.call("uplink.report", up=False, reason="refused")
    until(lambda: running.alarms() == ["uplink_lost"])
    running.stop()
    running.start()
    running.bus.restore()
    running.client.call("uplink.report", up=True)
    until(lambda: running.rows("uplink.restored"))


def test_a_camera_hands_in_a_plate(running: Running) -> None:
    running.client.call("credential", device="reader-in", kind="plate", value="京A12345")
    until(lambda: running.rows("access.denied"))
    with pytest.raises(NotFoundError):
        running.client.call("credential", device="no", kind="plate", value="京A12345")
    with pytest.raises(RequestError):
        running.client.call("credential", device="reader-in", kind="plate", value="x" * 300)


def test_rows_about_health_say_since_when_and_that_nobody_did_it(running: Running) -> None:
    running.client.call("uplink.report", up=False, reason="refused")
    running.client.call("uplink.report", up=True)
    running.bus.report(DeviceLost("io", "no answer from unit 1"))
    running.bus.restore()
    disk = FullDisk(running)
    running.bus.card("1")
    until(lambda: running.engine._recorder.degraded)
    disk.free()
    until(lambda: running.rows("storage.restored") and running.rows("device.restored"))
    running.stop()
    kinds = [f"{what}.{how}" for what in ("device", "uplink", "storage") for how in ("lost", "degraded", "restored")]
    rows = running.rows(*kinds, "gateway.started", "gateway.stopped")
    assert len({row.type for row in rows}) == 8
    assert all(row.data()["by"] == "gateway" and row.data()["since"] for row in rows)
    running.start()


# ---- what may go wrong ------------------------------------------------------------------------------------------


def test_a_full_disk_keeps_the_gate_working_and_no_row_is_lost(running: Running) -> None:
    with_pass(running)
    disk = FullDisk(running)
    running.bus.card("472288")
    until(lambda: running.bus.orders == [OPEN_IN])
    assert "full" in running.client.call("state")["journal"]["degraded"]
    until(lambda: running.alarms() == ["storage_degraded"])
    ping = running.client.call("ping")
    assert (ping["ready"], ping["missing"]) == (False, ["journal"])
    note = running.client.call("journal.note", type="operator.signed_in", data={"by": "Lin"})
    assert note == {"sequence": None}
    disk.free()
    until(lambda: running.rows("storage.restored"))
    types = running.types()
    for kind in ("access.granted", "barrier.commanded", "storage.degraded", "operator.signed_in"):
        assert types.count(kind) == 1
    assert running.client.call("ping")["ready"] is True


def test_rows_from_memory_are_written_at_the_end_of_the_run(running: Running) -> None:
    disk = FullDisk(running)
    running.bus.card("1")
    until(lambda: running.engine._recorder.degraded)
    disk.free()
    running.stop()
    assert running.types()[-1] == "gateway.stopped"
    assert "access.denied" in running.types()
    running.start()


@pytest.mark.parametrize("at", [0, 8_192])
def test_damaged_projections_are_made_again_from_the_journal(running: Running, at: int) -> None:
    command(running, "lock")
    until(lambda: running.lane()["mode"] == "locked")
    running.stop()
    file = running.directory.state
    size = max(file.stat().st_size, 2 * at)
    with file.open("r+b") as damaged:
        damaged.seek(at)
        damaged.write(b"\xa5" * (size - at))
    running.start()
    running.bus.restore()
    assert running.lane()["mode"] == "locked"
    assert file.with_name("state.db.damaged").exists()


def test_projections_that_fail_do_not_stop_the_gate(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> int:
        raise DataDirectoryError("state.db is damaged")

    with_pass(running)
    monkeypatch.setattr(running.engine._stores.state, "catch_up", fail)
    running.bus.card("472288")
    until(lambda: running.bus.orders == [OPEN_IN])
    until(lambda: running.engine._projector._failing)
    assert not running.engine.failure


def test_a_registry_that_fails_leaves_the_decision_to_a_guard(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise StorageError("registry.db cannot be read")

    monkeypatch.setattr(running.engine._stores.registry_lookups, "find", fail)
    running.bus.card("472288")
    until(lambda: running.rows("access.denied"))
    assert not running.engine.failure


def test_a_bus_that_ends_takes_the_process_down(running: Running) -> None:
    running.bus.fault = ZeroDivisionError("driver bug")
    running.bus.stopped.set()
    assert running.engine.ended.wait(20)
    assert "bus reader-in+io failed" in running.engine.failure


def broken_once(running: Running) -> list[Any]:
    """Let the core that is there now raise at its next fact; what it was asked."""
    seen: list[Any] = []
    core = running.engine._loop._core
    handle = core.handle

    def broken(event: Any, now: Any) -> Any:
        if isinstance(event, CredentialRead):
            seen.append(event)
            raise KeyError("half changed")
        return handle(event, now)

    core.handle = broken  # type: ignore[method-assign]
    return seen


def test_a_core_that_fails_is_not_asked_again_and_another_one_serves_the_next_car(running: Running) -> None:
    running.client.call("passes.put", by="Lin", **{"pass": {"id": "lin", "kind": "monthly", "cards": ["7"]}})
    seen = broken_once(running)
    running.bus.card("1")
    running.bus.card("7")
    until(lambda: ("pulse", "io", 0, 500, True) in running.bus.orders)
    assert [event.value for event in seen] == ["1"]
    assert running.alarms() == ["fault"]
    assert [row.data()["reason"] for row in running.rows("gateway.started")] == ["started", "rebuilt"]
    until(lambda: list(running.directory.faults.glob("*.json")))
    assert not running.engine.failure


def test_a_core_that_fails_twice_within_a_minute_takes_the_process_down(running: Running) -> None:
    broken_once(running)
    running.bus.card("1")
    until(lambda: running.alarms() == ["fault"])
    broken_once(running)
    running.bus.card("2")
    assert running.engine.ended.wait(20)
    assert "worker core failed" in running.engine.failure
    running.stop()
    running.start()


def test_a_run_that_ended_badly_is_told_apart_from_one_that_ended_well(running: Running) -> None:
    running.stop()
    running.start()
    assert running.rows("gateway.started")[-1].data()["previous_clean"] is True


def test_an_engine_that_makes_no_progress_starves_its_watchdog(running: Running) -> None:
    dog = Watchdog(Notifier({}), running.engine.supervised)
    assert dog.turn(0) == ()
    hold = threading.Event()
    running.engine._loop._takers[type(hold)] = lambda *_: hold.wait(30)  # type: ignore[assignment]
    running.engine._inbox.put(hold)
    until(lambda: len(running.engine._inbox) == 0)
    dog.turn(10**9)
    assert "core" in dog.turn(100 * 10**9)
    hold.set()
    until(lambda: dog.turn(101 * 10**9) == ())


def test_two_engines_on_one_directory_are_refused_twice(running: Running) -> None:
    with pytest.raises(InUseError):
        Running(running.directory.path)
    assert running.client.call("ping")["ready"] is True


def test_a_stop_under_load_loses_no_row_and_leaves_no_socket(running: Running) -> None:
    stop = threading.Event()
    answers: list[int] = []

    def note() -> None:
        client = Client(running.directory.socket)
        while not stop.is_set():
            try:
                asked = {"type": "operator.signed_in", "data": {"by": "Lin"}}
                answers.append(client.call("journal.note", **asked)["sequence"])
            except GatehouseError:
                return

    def read() -> None:
        for number in range(100_000):
            if stop.is_set():
                return
            running.bus.card(str(number))
            until(lambda: stop.is_set() or len(running.engine._inbox) < 50)

    threads = [threading.Thread(target=work) for work in (note, note, read)]
    for thread in threads:
        thread.start()
    until(lambda: len(answers) > 50)
    assert len(running.types()) > 60
    running.stop()
    stop.set()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()
    assert not running.directory.socket.exists()
    rows = {row.sequence for row in all_rows(running)}
    assert set(answers) <= rows
    running.start()


def all_rows(running: Running) -> list[Any]:
    from gateway.store.journal.reader import JournalReader

    reader = JournalReader(running.directory.journal)
    rows: list[Any] = []
    while page := reader.page(len(rows), 1000):
        rows += page
    reader.close()
    return rows


def test_projections_that_cannot_be_written_are_degraded_storage_and_the_engine_stays_ready(running: Running) -> None:
    held = apsw.Connection(str(running.directory.state))
    held.execute("BEGIN IMMEDIATE")
    running.bus.card("1")
    until(lambda: running.alarms() == ["storage_degraded"])
    assert running.client.call("ping")["ready"] is True
    state = running.client.call("state")
    assert state["alarms"][0]["detail"]["part"] == "projections"
    assert state["journal"]["degraded"] is None
    held.execute("ROLLBACK")
    held.close()
    until(lambda: running.rows("storage.restored"))
    assert running.rows("storage.restored")[0].data()["part"] == "projections"
    until(lambda: running.client.call("state")["alarms"][0]["state"] == "returned-unacknowledged")
