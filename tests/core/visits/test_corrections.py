"""People correct who is inside: the core decides, also while the projections lag."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from gateway.core.settings.model import Gateway, Settings, Site
from gateway.core.site import Site as Core
from gateway.core.vocabulary import commands, events, rows
from gateway.core.vocabulary.events import ExpectedVisit, InsideFacts, Now, OpenVisit, VisitCommandReceived
from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.core.vocabulary.rows import Row
from gateway.core.vocabulary.times import NS_PER_S, rfc3339
from gateway.store.journal.queries import StoredRow
from gateway.store.projections.state import State

START_NS = 1_790_000_000_000_000_000
HOUR_NS = 3600 * NS_PER_S
STAY = OpenVisit("v1", "p1", "粤B12345", START_NS - HOUR_NS, "472288")
RESIDENT = Pass("p1", PassKind.MONTHLY, plates=("粤B12345",))


NOTHING = InsideFacts()


class Desk:
    """A core, its journal, and what it answers; the journal is told when the test says so."""

    def __init__(self) -> None:
        self.core = Core(Settings(Site("north-court"), Gateway("gw1", clock="trusted")))
        self.now_ns = START_NS
        self.rows: list[Row] = []
        self.replies: dict[str, commands.Reply] = {}
        self.tokens: list[int] = []
        self._count = 0
        self.happens(events.Started("run1", "test"))

    def happens(self, event: events.Event) -> None:
        self.now_ns += NS_PER_S
        for command in self.core.handle(event, Now(self.now_ns, self.now_ns - START_NS)):
            if isinstance(command, commands.Append):
                self.rows.append(command.row)
                self.tokens += [command.token] if command.token else []
            elif isinstance(command, commands.Reply):
                self.replies[command.request] = command

    def commit(self, *, delayed: bool = False) -> None:
        waiting, self.tokens = self.tokens, []
        for token in waiting:
            self.happens(events.JournalDelayed(token) if delayed else events.JournalCommitted(token))

    def asks(self, verb: str, facts: InsideFacts = NOTHING, *, commit: bool = True, **more: Any) -> commands.Reply:
        self._count += 1
        request = f"r{self._count}"
        given = {"by": "Lin", "via": "guard", "reason": "seen on the round", "station": "booth", **more}
        self.happens(VisitCommandReceived(request, verb, facts=facts, **given))
        if commit:
            self.commit()
        return self.replies.get(request) or commands.Reply(request, "waits")

    def last(self) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.to_builtins(self.rows[-1])
        return found


# ---- a visit is ended by hand


def test_a_visit_is_ended_by_hand_with_a_name_and_a_reason() -> None:
    desk = Desk()
    reply = desk.asks("left", InsideFacts(known=True, stay=STAY), visit="v1")
    assert (reply.status, reply.visit) == ("done", "v1")
    assert desk.rows[-1].type == "visit.left_unseen"
    assert desk.last() == {
        "visit": "v1", "pass": "p1", "plate": "粤B12345", "entered_at": rfc3339(STAY.entered_wall_ns), "counted": True,
        "reason": "seen on the round", "by": "Lin", "via": "guard", "station": "booth",
    }  # fmt: skip


def test_the_answer_waits_for_the_disk_and_says_when_it_is_slow() -> None:
    desk = Desk()
    facts = InsideFacts(known=True, stay=STAY)
    assert desk.asks("left", facts, visit="v1", commit=False).status == "waits"
    desk.commit(delayed=True)
    assert (desk.replies["r1"].status, "slow" in desk.replies["r1"].detail) == ("done", True)


def test_of_two_people_who_end_one_visit_the_second_is_told_by_whom() -> None:
    desk = Desk()
    facts = InsideFacts(known=True, stay=STAY)
    desk.asks("left", facts, visit="v1", commit=False)
    second = desk.asks("left", facts, visit="v1", by="Wu", commit=False)
    assert (second.status, second.reason) == ("refused", "visit_over")
    assert "Lin has ended it already" in second.detail
    assert len([row for row in desk.rows if isinstance(row, rows.VisitLeftUnseen)]) == 1
    later = desk.asks("left", InsideFacts(after="visit.left_unseen:v1", known=True, ended_by="Lin"), visit="v1")
    assert "Lin has ended it already" in later.detail


def test_a_car_that_was_seen_leaving_is_not_ended_by_hand() -> None:
    desk = Desk()
    reply = desk.asks("left", InsideFacts(known=True), visit="v1")
    assert (reply.reason, "its car has left" in reply.detail) == ("visit_over", True)


def test_a_visit_that_is_not_known_is_not_found() -> None:
    reply = Desk().asks("left", visit="v9")
    assert (reply.status, reply.reason) == ("refused", "not_found")


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"verb": "lost"}, "unknown_verb"),
        ({"verb": "left", "by": " "}, "name_missing"),
        ({"verb": "left", "reason": " "}, "reason_missing"),
        ({"verb": "count", "count": -1}, "count_invalid"),
        ({"verb": "count", "count": 1_000_001}, "count_invalid"),
        ({"verb": "came", "plate": "A1", "entered_wall_ns": START_NS + HOUR_NS}, "entered_invalid"),
        ({"verb": "came", "plate": "A1", "entered_wall_ns": START_NS - 401 * 24 * HOUR_NS}, "entered_invalid"),
    ],
)
def test_a_correction_that_says_too_little_or_too_much_changes_nothing(more: dict[str, Any], code: str) -> None:
    desk = Desk()
    before = len(desk.rows)
    reply = desk.asks(**{"visit": "v1", "facts": InsideFacts(known=True, stay=STAY), **more})
    assert (reply.status, reply.reason, len(desk.rows)) == ("refused", code, before)


# ---- a car that came unseen


def test_a_car_is_declared_inside_by_its_plate_with_its_pass() -> None:
    desk = Desk()
    came_ns = START_NS - 2 * HOUR_NS
    reply = desk.asks("came", InsideFacts(passes=(RESIDENT,)), plate="粤B12345", entered_wall_ns=came_ns)
    assert reply.status == "done"
    row = desk.last()
    assert (row["visit"], row["pass"], row["kind"], row["plate"]) == (reply.visit, "p1", "monthly", "粤B12345")
    assert (row["entered_at"], row["counted"], row["by"]) == (rfc3339(came_ns), True, "Lin")


@pytest.mark.parametrize(
    ("facts", "more"),
    [
        (InsideFacts(stays=(STAY,), passes=(RESIDENT,)), {"plate": "粤B12345"}),
        (InsideFacts(expected=ExpectedVisit("v1", 0, 1, "粤B12345", entered=True)), {"visit": "v1"}),
    ],
)
def test_a_car_that_is_inside_is_not_declared_again(facts: InsideFacts, more: dict[str, Any]) -> None:
    reply = Desk().asks("came", facts, **more)
    assert (reply.status, reply.reason) == ("refused", "already_inside")


def test_of_two_people_who_declare_one_car_the_second_is_told() -> None:
    desk = Desk()
    first = desk.asks("came", plate="粤B12345", commit=False)
    second = desk.asks("came", plate="粤B12345", by="Wu")
    assert (second.reason, "inside already" in second.detail, first.status) == ("already_inside", True, "waits")


def test_another_car_of_the_same_pass_may_be_declared() -> None:
    reply = Desk().asks("came", InsideFacts(stays=(STAY,), passes=(RESIDENT,)), plate="粤B99999")
    assert reply.status == "done"


def test_an_expected_visitor_is_declared_inside_as_its_own_visit() -> None:
    desk = Desk()
    facts = InsideFacts(known=True, expected=ExpectedVisit("v7", 0, 1, "粤B77777"))
    assert desk.asks("came", facts, visit="v7").visit == "v7"
    assert (desk.last()["visit"], desk.last()["plate"], desk.last()["pass"]) == ("v7", "粤B77777", None)
    assert desk.asks("came", facts, visit="v7").reason == "already_inside"


def test_a_visitor_who_is_not_expected_is_not_declared() -> None:
    assert Desk().asks("came", InsideFacts(known=True), visit="v7").reason == "visit_over"


# ---- the number of cars


def test_the_number_is_set_and_says_what_it_was() -> None:
    desk = Desk()
    assert desk.asks("count", InsideFacts(cars=43), count=40).status == "done"
    assert desk.last() == {
        "correction": "nrun1-1", "count": 40, "before": 43, "reason": "seen on the round", "by": "Lin", "via": "guard",
        "station": "booth",
    }  # fmt: skip


def test_a_number_that_another_person_has_set_meanwhile_is_looked_at_first() -> None:
    desk = Desk()
    facts = InsideFacts(cars=43)
    desk.asks("count", facts, count=40, seen="")
    second = desk.asks("count", facts, count=41, seen="", by="Wu")
    assert (second.reason, "Lin has set the number meanwhile" in second.detail) == ("count_changed", True)
    assert desk.asks("count", facts, count=41, seen="nrun1-1", by="Wu").status == "done"


@pytest.mark.parametrize(
    ("facts", "counted"),
    [
        (InsideFacts(known=True, stay=STAY, earlier=True, offset=-1), False),
        (InsideFacts(known=True, stay=STAY, earlier=False, offset=-1), True),
        (InsideFacts(known=True, stay=STAY, earlier=True, offset=0), True),
        (InsideFacts(known=True, stay=STAY, earlier=True, offset=2), True),
    ],
)
def test_a_visit_that_a_count_left_out_is_not_counted_out_again(facts: InsideFacts, counted: bool) -> None:
    desk = Desk()
    desk.asks("left", facts, visit="v1")
    assert desk.last()["counted"] is counted


def test_a_count_left_out_one_car_and_not_two() -> None:
    desk = Desk()
    facts = InsideFacts(known=True, cars=2)
    other = msgspec.structs.replace(STAY, visit="v2", plate="粤B2", credential="2")
    desk.asks("count", facts, count=1)
    desk.asks("left", msgspec.structs.replace(facts, stay=STAY), visit="v1")
    assert desk.last()["counted"] is False
    desk.asks("left", msgspec.structs.replace(facts, stay=other), visit="v2")
    assert desk.last()["counted"] is True


@pytest.mark.parametrize(("ago_h", "counted"), [(2, False), (0, True)])
def test_a_car_that_a_count_had_in_it_is_not_counted_again(ago_h: int, counted: bool) -> None:
    desk = Desk()
    set_ns = START_NS - HOUR_NS
    facts = InsideFacts(cars=4, offset=1, set_id="n1", set_wall_ns=set_ns)
    desk.asks("came", facts, plate="粤B12345", entered_wall_ns=START_NS - ago_h * HOUR_NS)
    assert desk.last()["counted"] is counted


# ---- the core and the projections agree


class Estate:
    """Cars that come and go, people who correct, projections that lag."""

    def __init__(self, path: Path, seed: int) -> None:
        self.random = Random(seed)
        self.desk = Desk()
        self.state = State(path / f"{seed}.db", writer=True)
        self.applied = 0
        self.inside: list[str] = []
        self.number = 0

    def stored(self) -> list[StoredRow]:
        said = [(number, row) for number, row in enumerate(self.desk.rows, 1)]
        texts = [(n, row, msgspec.json.encode({"data": row}).decode()) for n, row in said]
        return [StoredRow(n, row.type, row.subject("gw1"), START_NS + n * NS_PER_S, text) for n, row, text in texts]

    def catch_up(self, some: bool = True) -> None:
        rows_ = self.stored()
        last = self.random.randint(self.applied, len(rows_)) if some else len(rows_)
        self.state.apply(rows_[self.applied : last])
        self.applied = last

    def passes(self) -> None:
        """A car is seen: the row is the lane's, so it is handed to those who follow it."""
        if self.inside and self.random.random() < 0.4:
            visit = self.inside.pop(self.random.randrange(len(self.inside)))
            row: Row = _passage(rows.PassageExited, visit, entered_at=None, duration_s=None, charge=None)
        else:
            self.number += 1
            self.inside.append(visit := f"v{self.number}")
            row = _passage(rows.PassageEntered, visit)
        self.desk.rows.append(row)
        self.desk.core.part(_access()).recent.note(row, self.desk.now_ns)

    def corrects(self) -> None:
        verb = self.random.choice(("left", "came", "count"))
        if verb == "left" and self.inside:
            visit = self.random.choice(self.inside)
            facts = self.state.inside_facts(visit)
            if self.desk.asks("left", facts, visit=visit).status == "done":
                self.inside.remove(visit)
        elif verb == "came":
            self.number += 1
            came_ns = self.desk.now_ns - self.random.choice((0, 1, 30)) * NS_PER_S
            facts = self.state.inside_facts()
            reply = self.desk.asks("came", facts, plate=f"粤B{self.number}", entered_wall_ns=came_ns)
            assert reply.status == "done"
            self.inside.append(reply.visit)
        elif verb == "count":
            number = max(0, len(self.inside) + self.random.randint(-2, 2))
            assert self.desk.asks("count", self.state.inside_facts(), count=number).status == "done"

    def cars(self) -> int:
        """As the next decision counts them."""
        facts = self.state.inside_facts()
        return self.desk.core.part(_access()).recent.cars(facts.cars, facts.after)


def _access() -> Any:
    from gateway.core.access.access import Access

    return Access


def _passage(kind: Any, visit: str, **more: Any) -> Row:
    card = rows.Credential("card", visit)
    row: Row = kind(
        lane="in", visit=visit, pass_=None, plate=None, method="automatic", certainty="measured", kind=None,
        credential=card, grant=None, by=None, mark=None, **more,
    )  # fmt: skip
    return row


@pytest.mark.parametrize("seed", range(12))
def test_the_count_of_a_decision_is_that_of_the_projections_once_they_have_all_rows(tmp_path: Path, seed: int) -> None:
    estate = Estate(tmp_path, seed)
    for _ in range(60):
        (estate.passes if estate.random.random() < 0.6 else estate.corrects)()
        if estate.random.random() < 0.5:
            estate.catch_up()
        lagging = estate.cars()
        if estate.random.random() < 0.2:
            estate.catch_up(some=False)
            assert estate.cars() == lagging == estate.state.inside(None, "").count
            assert sorted(one.visit for one in estate.state.stays(limit=1000)) == sorted(estate.inside)
    estate.state.close()
