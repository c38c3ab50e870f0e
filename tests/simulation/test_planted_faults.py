"""The simulator bites: for each rule a fault planted in the product, which its rule catches.

A fault is put in place of one method for the length of a story. The stories are short and full of trouble; the first
few seeds are tried, since not every story meets every fault.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.core.acceptance.book import Book, Tick
from gateway.core.acceptance.touched import TouchedPoints
from gateway.core.access import access, decider, reads
from gateway.core.access.access import Access
from gateway.core.access.reads import ReadRules, Taken
from gateway.core.access.recent import Recent
from gateway.core.access.rules import Decision, Payment, decide
from gateway.core.alarms.desk import AlarmDesk
from gateway.core.alarms.faults import Faults as CoreFaults
from gateway.core.alarms.lifecycle import Verb
from gateway.core.charges.bill import Bill
from gateway.core.health.health import Health
from gateway.core.lane.arm.search import CauseSearch
from gateway.core.lane.arm.terminals import Motion, Terminals
from gateway.core.lane.contacts.detectors import Detectors
from gateway.core.lane.contacts.inputs import Inputs
from gateway.core.lane.grants.queue import GrantQueue
from gateway.core.lane.interlock import Interlock
from gateway.core.lane.lane import LaneMachine
from gateway.core.lane.modes.crash import Crashes
from gateway.core.lane.motion.guards import ArmGuards
from gateway.core.lane.motion.orders import ArmOrders
from gateway.core.lane.motion.sending import Sending
from gateway.core.lane.parts import LaneParts
from gateway.core.lane.people import release
from gateway.core.lane.people.cars import CarsInFront
from gateway.core.lane.people.reads import Reads
from gateway.core.lane.people.resume import Resume
from gateway.core.lane.traffic.crossing import Crossing
from gateway.core.lane.traffic.passages import Passages
from gateway.core.lane.traffic.passing import Passing
from gateway.core.lane.traffic.recorder import PassageRecorder
from gateway.core.lanes.lanes import Lanes
from gateway.core.payments.bills import Bills
from gateway.core.payments.payments import Payments
from gateway.core.repairs.book import RepairBook
from gateway.core.repairs.repairs import RepairOrders, RepairsMemory
from gateway.core.run.run import Run
from gateway.core.vocabulary.authors import Author
from gateway.core.vocabulary.commands import Append, PulseOutput
from gateway.core.vocabulary.events import OpenVisit
from gateway.core.vocabulary.reasons import Reason, Verdict
from gateway.core.vocabulary.rows import PassageEntered, PassageExited, VisitCharged, VisitOwed
from gateway.core.vocabulary.timers import Timer
from gateway.core.vocabulary.turn import Turn
from gateway.engine.core_thread.loop import CoreLoop
from gateway.engine.core_thread.waits import JournalWaits
from gateway.simulation.people.guards import Guards
from gateway.simulation.play import play
from gateway.simulation.rules.table import RULES
from gateway.simulation.shrink import shortest
from gateway.simulation.story.happenings import Story
from gateway.simulation.story.write import write
from gateway.simulation.world.board import Board
from gateway.store.journal import writer as journal_store
from gateway.store.passes.registry import PassRegistry
from gateway.store.projections import table as projections
from gateway.store.projections.ahead import Ahead
from gateway.store.projections.state import State
from gateway.store.sqlite.database import open_writer
from tests.simulation.planted import CAMERA, IN_THE_BOOTH, LONG_RANGE, SEEDS, TWO_PROOFS, found_by

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]
Patch = pytest.MonkeyPatch


def test_without_a_fault_the_same_stories_break_nothing() -> None:
    assert found_by("none") is None


@pytest.mark.parametrize("shape", [CAMERA, IN_THE_BOOTH])
def test_without_a_fault_cameras_and_a_reader_in_the_booth_break_nothing(shape: dict[str, Any]) -> None:
    assert found_by("none", shape=shape) is None


@pytest.mark.parametrize("shape", [TWO_PROOFS, LONG_RANGE])
def test_without_a_fault_cars_from_both_sides_of_a_shared_barrier_break_nothing(shape: dict[str, Any]) -> None:
    assert found_by("none", hours=2, shape=shape, shared=True) is None


def test_an_open_that_is_sent_without_its_row_is_caught(monkeypatch: Patch) -> None:
    def ask(self: Terminals, turn: Turn, _lane: str, motion: Motion) -> None:
        self.send(turn, motion)

    monkeypatch.setattr(Terminals, "ask", ask)
    assert found_by("open") is not None


def test_a_close_that_does_not_look_at_the_loop_is_caught(monkeypatch: Patch) -> None:
    right = Turn.cancel

    def cancel(self: Turn, timer: Timer) -> None:
        if timer.name != "clear":
            right(self, timer)

    monkeypatch.setattr(Turn, "cancel", cancel)
    monkeypatch.setattr(Sending, "objection", lambda _self, _motion: None)
    monkeypatch.setattr(ArmGuards, "may_close_by_itself", lambda _self: True)
    assert found_by("close", hours=1, only=("person",)) is not None


def test_a_stale_poll_that_still_counts_as_free_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Inputs, "stale", lambda _self, _device: False)
    assert found_by("close", troubles=200.0, only=("board_blip", "board_silent")) is not None


def test_a_lane_that_opens_because_its_board_came_back_is_caught(monkeypatch: Patch) -> None:
    right = LaneMachine.device_restored

    def restored(self: LaneMachine, turn: Turn, device: str, values: Any, outputs: Any) -> None:
        right(self, turn, device, values, outputs)
        if device in self.parts.boards:
            ArmOrders(self.parts).ask(turn, "open", "operator", Author("nobody"), None)
            motion = self.parts.terminals.committed(turn.tokens)
            assert motion is not None
            self._sending.carry_out(turn, motion)

    monkeypatch.setattr(LaneMachine, "device_restored", restored)
    assert found_by("start") is not None


def test_a_repair_order_that_is_opened_again_after_a_kill_is_caught(monkeypatch: Patch) -> None:
    right = RepairOrders.__init__

    def forgets(self: RepairOrders, settings: Any, _memory: Any, *parts: Any) -> None:
        right(self, settings, RepairsMemory(), *parts)

    monkeypatch.setattr(RepairOrders, "__init__", forgets)
    assert found_by("repairs") is not None


def test_a_lost_device_without_a_repair_order_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(RepairBook, "fault", lambda *_given: None)
    assert found_by("repairs") is not None


def test_a_passage_that_is_recorded_twice_is_caught(monkeypatch: Patch) -> None:
    right = PassageRecorder.record

    def twice(self: PassageRecorder, *given: Any, **more: Any) -> None:
        right(self, *given, **more)
        if given[3] == "tailgate":
            right(self, *given, **more)

    monkeypatch.setattr(PassageRecorder, "record", twice)
    assert found_by("crossing") is not None


def test_a_passage_that_is_lost_while_a_person_holds_the_arm_is_caught(monkeypatch: Patch) -> None:
    right = Passing.passed

    def forgets(self: Passing, *given: Any, **more: Any) -> None:
        if not self._lane.modes.stays_up:
            right(self, *given, **more)

    monkeypatch.setattr(Passing, "passed", forgets)
    assert found_by("crossing") is not None


def test_a_tag_that_comes_off_over_touched_points_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(TouchedPoints, "of", lambda _self, _barrier: ())
    assert found_by("accepted", troubles=20.0) is not None


def test_a_tag_that_stays_on_over_points_that_are_ticked_again_is_caught(monkeypatch: Patch) -> None:
    right = Book.tick

    def forgets(self: Book, tick: Tick) -> None:
        lost = self.lost(tick.point)
        right(self, tick)
        if lost is not None:
            self.lose(lost, (), ())

    monkeypatch.setattr(Book, "tick", forgets)
    assert found_by("accepted", troubles=20.0) is not None


def test_a_crash_that_is_not_alarmed_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Crashes, "crash", lambda _self, _turn, _sign: None)
    assert found_by("crash") is not None


def test_rows_that_are_acknowledged_before_they_are_durable_are_caught(monkeypatch: Patch) -> None:
    right = open_writer

    def careless(*given: Any, **more: Any) -> Any:
        db = right(*given, **more)
        db.pragma("synchronous", "NORMAL")
        return db

    monkeypatch.setattr(journal_store, "open_writer", careless)
    assert found_by("lost", troubles=20.0) is not None


def test_exits_that_count_as_entries_are_caught(monkeypatch: Patch) -> None:
    right = Turn.append

    def append(self: Turn, row: Any, *rest: Any) -> None:
        if isinstance(row, PassageExited):
            row = PassageEntered(**{name: getattr(row, name) for name in PassageEntered.__struct_fields__})
        right(self, row, *rest)

    monkeypatch.setattr(Turn, "append", append)
    assert found_by("occupancy") is not None


def test_a_queue_that_nobody_empties_is_caught(monkeypatch: Patch) -> None:
    right = JournalWaits.add

    def add(self: JournalWaits, token: int, now_ns: int) -> None:
        right(self, token, now_ns)
        right(self, -token, now_ns + 10**18)

    monkeypatch.setattr(JournalWaits, "add", add)
    monkeypatch.setattr(JournalWaits, "expire", lambda _self, _now_ns: [])
    monkeypatch.setattr(JournalWaits, "next_ns", lambda _self: None)
    assert found_by("bounds", troubles=0.0, hours=8) is not None


def test_an_alarm_that_vanishes_without_its_record_is_caught(monkeypatch: Patch) -> None:
    right = AlarmDesk._append

    def append(self: AlarmDesk, turn: Turn, alarm: Any, verb: Verb, *given: Any) -> None:
        if verb is not Verb.CLOSE:
            right(self, turn, alarm, verb, *given)

    monkeypatch.setattr(AlarmDesk, "_append", append)
    assert found_by("alarms") is not None


def test_a_blocked_card_that_is_let_in_is_caught(monkeypatch: Patch) -> None:
    right = decide

    def careless(*asked: Any) -> Decision:
        decision = right(*asked)
        if decision.reason is not Reason.BLOCKED:
            return decision
        return msgspec.structs.replace(decision, verdict=Verdict.GRANTED, reason=Reason.VALID_PASS)

    monkeypatch.setattr(decider, "decide", careless)
    assert found_by("decision") is not None


def test_a_card_that_opens_after_it_was_reported_lost_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(PassRegistry, "put", lambda _self, _pass: None)
    assert found_by("decision", troubles=200.0, only=("lost_card",)) is not None


def test_a_tag_that_opens_the_lane_beside_its_car_is_caught(monkeypatch: Patch) -> None:
    right = ReadRules.take

    def take(self: ReadRules, lane: Any, read: Any, *given: Any, **more: Any) -> Any:
        return right(self, lane, msgspec.structs.replace(read, long_range=False), *given, **more)

    monkeypatch.setattr(ReadRules, "take", take)
    assert found_by("elsewhere", shape={"long_range": True}) is not None


def test_an_arm_that_goes_up_for_ever_for_a_car_that_backed_off_is_caught(monkeypatch: Patch) -> None:
    def call_head(self: GrantQueue, turn: Turn) -> None:
        self.run(turn, runs=False)
        if self.head is not None:
            self.head.left_ms = None

    monkeypatch.setattr(GrantQueue, "call_head", call_head)
    assert found_by("unused", only=("nothing",), shape={"control": "step"}) is not None


def test_a_lane_of_two_proofs_that_opens_on_one_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(ReadRules, "_factors", lambda _self, _lane, read, _now_ns: Taken(read))
    assert found_by("factors", only=("nothing",), shape=TWO_PROOFS) is not None


def test_a_lane_of_two_proofs_that_takes_any_plate_for_a_card_is_caught(monkeypatch: Patch) -> None:
    right = ReadRules._factors

    def factors(self: ReadRules, lane: Any, read: Any, now_ns: int) -> Any:
        before = self._first.get(lane.id)
        taken = right(self, lane, read, now_ns)
        if taken is None or not taken.mismatch or before is None:
            return taken
        return Taken(read if read.kind == "card" else before[1])

    monkeypatch.setattr(ReadRules, "_factors", factors)
    assert found_by("factors", only=("nothing",), shape=TWO_PROOFS) is not None


def test_a_lane_of_two_proofs_that_remembers_the_first_for_ever_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(reads, "TWO_FACTOR_MS", 10**9)
    assert found_by("factors", only=("nothing",), shape=TWO_PROOFS) is not None


def test_a_grant_that_a_car_of_the_other_side_uses_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(GrantQueue, "first_of", lambda self, _lane: self.head)
    assert found_by("sides", only=("meet",), shared=True) is not None


def test_a_car_that_counts_in_the_direction_of_the_other_side_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Crossing, "_outward", lambda _self, _vehicle: False)
    assert found_by("crossing", only=("meet",), shared=True) is not None


def test_the_tag_of_a_car_on_the_other_side_that_opens_is_caught(monkeypatch: Patch) -> None:
    right = Detectors.approach_of

    def either(self: Detectors, lane: Any) -> bool | None:
        return right(self, lane) or self.approach or self.beyond

    monkeypatch.setattr(Detectors, "approach_of", either)
    assert found_by("elsewhere", only=("nothing",), shape=LONG_RANGE, shared=True) is not None


def test_a_sally_port_that_opens_both_doors_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Interlock, "blocks", property(lambda _self: False))
    shape = {"sally_port": True, "without": [], "close_by": "gateway"}
    assert found_by("interlock", hours=1, only=("nothing",), shape=shape) is not None


def test_a_fob_that_is_taken_for_a_crash_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(CauseSearch, "struck", lambda *_given: True)
    assert found_by("false") is not None


def test_storage_that_fails_in_silence_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Health, "storage_degraded", lambda _self, _turn, _event: None)
    assert found_by("storage", troubles=20.0) is not None


def test_a_code_that_counts_as_used_only_when_the_disk_says_so_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Recent, "used", lambda *_given: False)
    assert found_by("once", troubles=100.0, only=("disk_full",), card="visitor") is not None


def test_a_code_that_is_forgotten_by_a_restart_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(State, "code_used", lambda *_given: False)
    assert found_by("once", only=("kill",), card="visitor") is not None


def test_a_code_that_opens_two_lanes_at_once_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(GrantQueue, "entering", lambda _self: [])
    assert found_by("once", only=("nothing",), card="copied") is not None


def test_a_release_that_names_nobody_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(CarsInFront, "pending", lambda *_given, **_more: None)
    assert found_by("released", only=("nothing",)) is not None


def test_a_release_of_a_car_that_has_gone_is_caught(monkeypatch: Patch) -> None:
    """The person's word goes to the car that stood there before."""
    right = CarsInFront.pending
    stood: dict[str, list[Any]] = {}

    def pending(self: CarsInFront, lane: Any, *given: Any, **more: Any) -> Any:
        case = right(self, lane, *given, **more)
        cars = stood.setdefault(lane.id, [])
        if case is not None and all(case is not one for one in cars):
            cars[:] = [*cars[-1:], case]
        return case and cars[0]

    monkeypatch.setattr(CarsInFront, "pending", pending)
    assert found_by("released", only=("nothing",)) is not None


def test_a_release_that_ends_the_stay_of_another_car_is_caught(monkeypatch: Patch) -> None:
    right = PassageRecorder.record
    seen: list[Any] = []

    def row(self: PassageRecorder, turn: Turn, lane: Any, grant: Any, *given: Any, **more: Any) -> None:
        if grant is not None and grant.case is not None and grant.by != "gateway" and seen:
            grant.visit = seen[-1]
        elif grant is not None and grant.visit is None and lane.direction == "exit" and seen:
            seen.pop()
        right(self, turn, lane, grant, *given, **more)
        last = self._lane.passages.last(lane)
        assert last is not None
        if last.type == "entered" and last.pass_ and last.visit:
            seen.append(OpenVisit(last.visit, last.pass_, None, turn.now.wall_ns))

    monkeypatch.setattr(PassageRecorder, "record", row)
    assert found_by("released", only=("nothing",)) is not None


def test_a_car_that_stays_inside_by_a_missed_exit_is_caught(monkeypatch: Patch) -> None:
    right = projections._exited

    def exited(db: Any, place: Any, row: PassageExited) -> None:
        if row.method != "automatic" or hash(place.sequence) % 2:
            right(db, place, row)

    others = projections._TABLE[PassageExited][1:]
    monkeypatch.setitem(projections._TABLE, PassageExited, (exited, *others))
    projections._changes_of.cache_clear()
    try:
        assert found_by("released", hours=8, only=("nothing",), site={"anti_passback": "hard"}) is not None
    finally:
        projections._changes_of.cache_clear()


def test_a_plate_that_opens_with_nobody_there_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(reads, "is_bound", lambda read: read.long_range)
    assert found_by("plates", only=("nothing",), shape=CAMERA) is not None


def test_a_plate_whose_age_is_not_looked_at_is_caught(monkeypatch: Patch) -> None:
    right = ReadRules.take

    def take(self: ReadRules, lane: Any, read: Any, *given: Any, **more: Any) -> Any:
        return right(self, lane, msgspec.structs.replace(read, age_ms=0), *given, **more)

    monkeypatch.setattr(ReadRules, "take", take)
    assert found_by("plates", only=("nothing",), shape=CAMERA) is not None


def test_a_plate_that_opens_the_lane_beside_its_car_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(ReadRules, "_elsewhere", lambda *_given: False)
    monkeypatch.setattr(Guards, "refused", lambda *_given: None)
    assert found_by("plates", only=("nothing",), shape=CAMERA) is not None


def test_a_plate_that_differs_and_is_not_referred_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(access, "differ", lambda *_given: False)
    monkeypatch.setattr(Reads, "let_pass_already", lambda *_given: False)
    assert found_by("plates", only=("nothing",), shape=CAMERA) is not None


def test_a_card_and_a_plate_that_make_two_grants_are_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(CarsInFront, "other_proof", lambda *_given: None)
    assert found_by("plates", only=("nothing",), shape=CAMERA) is not None


def test_a_read_in_the_booth_that_opens_every_lane_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Access, "lanes_meant", lambda _self, _turn, lanes, _event: lanes)
    assert found_by("desk", only=("nothing",), shape=IN_THE_BOOTH) is not None


def test_a_read_in_the_booth_that_opens_the_first_lane_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Access, "lanes_meant", lambda _self, _turn, lanes, _event: lanes[:1])
    assert found_by("desk", only=("nothing",), shape=IN_THE_BOOTH) is not None


def test_two_taps_that_make_two_grants_are_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(CarsInFront, "grant_in_front", lambda *_given: None)
    assert found_by("taps", troubles=20.0, only=("two_taps",)) is not None


def test_a_stop_at_rest_that_leaves_the_lane_to_a_person_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(LaneParts, "at_rest", property(lambda _self: False))
    assert found_by("rest", only=("person",)) is not None


def test_a_pause_that_does_not_end_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Resume, "pause_over", lambda *_given: None)
    assert found_by("rest", troubles=20.0, only=("person",)) is not None


def test_a_core_that_raises_is_caught(monkeypatch: Patch) -> None:
    right = Lanes.device_stale

    def raises(self: Lanes, turn: Turn, event: Any) -> None:
        right(self, turn, event)
        raise KeyError(event.device)

    monkeypatch.setattr(Lanes, "device_stale", raises)
    assert found_by("raise") is not None


FAULTS = ("core_fault", "person", "strike", "disk_full")


@pytest.mark.parametrize("forgotten", ["lanes", "interrupted", "alarms"])
def test_a_core_that_begins_anew_without_what_the_last_one_knew_is_caught(monkeypatch: Patch, forgotten: str) -> None:
    """Tags and crashes, what waits for a person, or the alarms."""
    right = Ahead.memory

    def forgets(self: Ahead, zone: Any) -> dict[str, Any]:
        found = right(self, zone)
        return {**found, forgotten: type(found[forgotten])()}

    monkeypatch.setattr(Ahead, "memory", forgets)
    assert found_by("fault", troubles=30.0, only=FAULTS) is not None


def test_a_core_that_begins_anew_without_the_rows_that_wait_is_caught(monkeypatch: Patch) -> None:
    right = State.ahead
    monkeypatch.setattr(State, "ahead", lambda self, reader, _waiting: right(self, reader, ()))
    assert found_by("fault", hours=8, troubles=60.0, only=FAULTS) is not None


def test_a_core_that_begins_anew_with_a_movement_is_caught(monkeypatch: Patch) -> None:
    right = Run.started

    def moves(self: Run, turn: Turn, event: Any) -> None:
        right(self, turn, event)
        if event.reason == "rebuilt":
            turn.emit(PulseOutput("io0", 0, 500))

    monkeypatch.setattr(Run, "started", moves)
    assert found_by("start", troubles=30.0, only=FAULTS) is not None


def test_a_core_that_begins_anew_and_is_not_told_where_the_arms_are_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Board, "tell_anew", lambda _self: None)
    assert found_by("crossing", troubles=30.0, only=FAULTS) is not None


def test_reads_that_wait_for_the_boards_and_are_dropped_are_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(CoreLoop, "_serve_reads", lambda self: self._measuring.end())
    right = Board.tell_anew

    def late(self: Board) -> None:
        session = self.session
        self._world.after(900, lambda: right(self) if session == self.session else None)

    monkeypatch.setattr(Board, "tell_anew", late)
    assert found_by("fault", hours=24, troubles=240.0, only=("core_fault",)) is not None


def test_a_fault_in_a_decision_that_ends_the_core_as_well_is_caught(monkeypatch: Patch) -> None:
    """The decision does not contain it, and so it is not the read alone that is harmed."""

    def raises(self: CoreFaults, *_: Any) -> None:
        raise KeyError

    monkeypatch.setattr(CoreFaults, "contain", raises)
    assert found_by("raise", troubles=30.0, only=FAULTS) is not None


def test_without_a_fault_stays_that_are_charged_break_nothing() -> None:
    assert found_by("none", money=True) is None


def test_a_payment_that_is_booked_twice_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Payments, "_is_again", lambda *_: False)
    monkeypatch.setattr(Bills, "of", _always_due)
    assert found_by("takings", troubles=0.5, money=True) is not None


_BILL = Bills.of


def _always_due(self: Bills, *given: Any) -> Bill | None:
    found = _BILL(self, *given)
    return None if found is None else msgspec.structs.replace(found, due=found.amount)


def test_a_visit_that_is_charged_twice_is_caught(monkeypatch: Patch) -> None:
    right = Passages.record

    def twice(self: Passages, turn: Turn, *given: Any, **more: Any) -> None:
        right(self, turn, *given, **more)
        for one in [one for one in turn.commands if isinstance(one, Append) and isinstance(one.row, VisitCharged)]:
            turn.append(one.row)

    monkeypatch.setattr(Passages, "record", twice)
    assert found_by("charged", troubles=0.5, money=True) is not None


def test_a_car_that_leaves_unpaid_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(decider, "payment_of", lambda _bill: Payment.NONE)
    assert found_by("unpaid", troubles=0.5, money=True) is not None


def test_a_release_without_an_author_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(release, "VisitOwed", lambda **said: VisitOwed(**{**said, "by": None}))
    assert found_by("author", troubles=0.5, money=True) is not None


def test_every_rule_has_a_planted_fault() -> None:
    source = "".join(one.read_text("utf-8") for one in Path(__file__).parent.glob("test_planted_*.py"))
    for rule in RULES:
        assert f'found_by("{rule}"' in source, rule


def test_a_failure_is_told_as_the_shortest_story_that_breaks_the_rule(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Crashes, "crash", lambda _self, _turn, _sign: None)
    story = next(one for one in _stories() if play(one).rule == "crash")
    short = shortest(story, play(story), play)
    assert play(short).rule == "crash"
    assert len(short.happenings) <= 3


def _stories() -> list[Story]:
    return [write(seed, 4, troubles=6.0) for seed in SEEDS]


def test_the_same_seed_is_the_same_story_and_leads_to_the_same_end() -> None:
    first, second = (play(write(5, 3)) for _ in range(2))
    assert first == second
    assert write(5, 3) == write(5, 3)
    assert write(5, 3) != write(6, 3)
