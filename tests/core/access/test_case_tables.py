"""Every entry of the two tables of a case, what a case remembers, and where its car is."""

from __future__ import annotations

import datetime
from typing import Any

import msgspec
import pytest

from gateway.core.access.pending import (
    CASE_MS,
    GONE_MS,
    LEFT_MS,
    NOT_ITS_FAULT,
    READS_MAX,
    TOLD_MAX,
    UNNAMED_MS,
    CaseEvent,
    CaseMove,
    CasePlace,
    Cases,
    CaseState,
    PendingCase,
    Word,
    differ,
    taken_up,
)
from gateway.core.access.rules import Decision
from gateway.core.settings.model import Direction, Lane
from gateway.core.vocabulary.authors import GATEWAY
from gateway.core.vocabulary.events import CredentialRead, OpenVisit
from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.core.vocabulary.reasons import Reason, Verdict
from gateway.core.vocabulary.rows import Credential
from gateway.core.vocabulary.views import LastDecision

MS = 1_000_000
T = 1_000_000 * MS
IN = Lane("in", "in", Direction.ENTRY, "in")
OUT = Lane("out", "out", Direction.EXIT, "out")
ONE = Pass("p1", PassKind.MONTHLY, plates=("A12345",))
TWO = Pass("p2", PassKind.STAFF, plates=("B11111", "B22222"))
CARD = Credential("card", "100")
WORD = Word("refused", GATEWAY, "not_known", "2026-11-30T08:00:00.000Z")
GRANTED = Decision(Verdict.GRANTED, Reason.VALID_PASS, "valid pass", ONE)
EXPIRED = Decision(Verdict.DENIED, Reason.EXPIRED, "expired", ONE)
UNKNOWN = Decision(Verdict.DENIED, Reason.UNKNOWN_CREDENTIAL, "unknown")


def case(name: str = "c1", seen_ns: int = T, **more: Any) -> PendingCase:
    return PendingCase(name, "2026-11-30T08:00:00.000Z", seen_ns, **more)


def card(*passes: Pass, value: str = "100", **more: Any) -> CredentialRead:
    return CredentialRead("reader", "card", value, 32, passes, **more)


def plate(*passes: Pass, value: str = "A12345", **more: Any) -> CredentialRead:
    return CredentialRead("camera", "plate", value, passes=passes, **more)


# ---- how far a case is


@pytest.mark.parametrize(
    ("state", "granted", "refused", "must_pay", "settled", "shows_granted", "shows_refused", "person"),
    [
        ("proving", "may_pass", "waiting", "unpaid", "proving", "may_pass", "waiting", "handled_proving"),
        ("waiting", "may_pass", "waiting", "unpaid", "waiting", "may_pass", "waiting", "handled"),
        ("unpaid", "may_pass", "waiting", "unpaid", "waiting", "may_pass", "waiting", "handled"),
        ("may_pass", "may_pass", "waiting", "unpaid", "may_pass", "may_pass", "waiting", "handled"),
        ("handled", "may_pass", "waiting", "unpaid", "handled", "handled", "handled", "handled"),
        (
            "handled_proving",
            "may_pass",
            "waiting",
            "unpaid",
            "handled_proving",
            "handled",
            "handled",
            "handled_proving",
        ),
    ],
)
def test_each_state_of_a_case_leads_on_by_each_event(
    state: str,
    granted: str,
    refused: str,
    must_pay: str,
    settled: str,
    shows_granted: str,
    shows_refused: str,
    person: str,
) -> None:
    found = []
    for event in CaseEvent:
        one = case(state=CaseState(state))
        one.happens(event)
        found.append(one.state.value)
    assert found == [granted, refused, must_pay, settled, shows_granted, shows_refused, person]


@pytest.mark.parametrize(
    ("state", "missing", "handled"),
    [
        (CaseState.PROVING, ("second_proof",), False),
        (CaseState.WAITING, ("word",), False),
        (CaseState.UNPAID, ("payment",), False),
        (CaseState.MAY_PASS, (), False),
        (CaseState.HANDLED, (), True),
        (CaseState.HANDLED_PROVING, ("second_proof",), True),
    ],
)
def test_a_state_says_what_is_missing(state: CaseState, missing: tuple[str, ...], handled: bool) -> None:
    one = case(state=state)
    assert (one.missing, one.handled) == (missing, handled)


MOVES = {
    ("elsewhere", "arrives"): "in_front",
    ("in_front", "leaves"): "gone",
    ("in_front", "goes_under"): "under",
    ("in_front", "ends"): "over",
    ("gone", "goes_under"): "under",
    ("gone", "ends"): "over",
    ("under", "goes_back"): "in_front",
    ("under", "ends"): "over",
}


@pytest.mark.parametrize("place", CasePlace)
@pytest.mark.parametrize("move", CaseMove)
def test_a_car_goes_only_where_it_can(place: CasePlace, move: CaseMove) -> None:
    one = case(place=place)
    to = MOVES.get((place.value, move.value))
    if to is None:
        with pytest.raises(KeyError):
            one.moves(move)
        assert one.place is place
    else:
        one.moves(move)
        assert one.place.value == to


# ---- what a case remembers


@pytest.mark.parametrize(
    ("decision", "before", "named", "state"),
    [
        (EXPIRED, False, True, "waiting"),
        (UNKNOWN, False, False, "waiting"),
        (UNKNOWN, True, True, "waiting"),
        (GRANTED, False, False, "may_pass"),
        (GRANTED, True, False, "may_pass"),
        *(
            (Decision(Verdict.REFERRED, reason, "", ONE), False, False, "waiting")
            for reason in (
                Reason.SEEN_ELSEWHERE, Reason.LANE_LOCKED, Reason.LANE_FAULT, Reason.LANE_UNCLEAR, Reason.FAULT,
            )
        ),
    ],
)  # fmt: skip
def test_a_decision_names_the_car_that_waits_by_its_pass(
    decision: Decision, before: bool, named: bool, state: str
) -> None:
    visit = OpenVisit("v", "p1", None, 1)
    one = case(named=before)
    one.decided(decision, CARD, visit)
    assert (one.named, one.state.value) == (named, state)
    assert (one.decision, one.credential, one.visit) == (decision, CARD, visit)


@pytest.mark.parametrize("named", [True, False])
def test_a_car_that_was_let_pass_unread_keeps_its_name_or_none(named: bool) -> None:
    one = case(named=named)
    one.decided_after_release(EXPIRED, CARD, None)
    assert (one.named, one.decision, one.state) == (named, EXPIRED, CaseState.WAITING)


@pytest.mark.parametrize(("decision", "state"), [(GRANTED, CaseState.MAY_PASS), (EXPIRED, CaseState.WAITING)])
def test_a_card_of_another_car_is_decided_on_and_a_word_stays(decision: Decision, state: CaseState) -> None:
    waiting, handled = case(state=CaseState.WAITING), case(state=CaseState.HANDLED)
    waiting.shows_of_another(decision, CARD)
    handled.shows_of_another(decision, CARD)
    assert (waiting.state, handled.state) == (state, CaseState.HANDLED)
    assert (waiting.decision, waiting.credential, waiting.named) == (decision, CARD, False)


def test_small_facts_are_kept() -> None:
    one = case()
    one.first_shown(CARD, None)
    one.first_shown(Credential("card", "other"), OpenVisit("v1", "p1", None, 5))
    assert (one.credential, one.visit) == (CARD, OpenVisit("v1", "p1", None, 5))
    one.granted_by("g1")
    one.seen(T + 5)
    one.share(case("c9"))
    assert (one.credential, one.grant, one.seen_ns, one.id) == (CARD, "g1", T + 5, "c9")
    one.person_decided(WORD)
    assert (one.word, one.state) == (WORD, CaseState.HANDLED_PROVING)


@pytest.mark.parametrize(
    ("reads", "decision", "facts"),
    [
        ([], None, (None, None, None)),
        ([card(ONE)], None, ("p1", "monthly", "A12345")),
        ([card(ONE, TWO)], None, (None, None, None)),
        ([card(ONE), card(TWO, value="2")], None, ("p2", "staff", None)),
        ([card(TWO)], EXPIRED, ("p1", "monthly", "A12345")),
        ([card(ONE)], UNKNOWN, (None, None, None)),
        ([card(TWO), plate(value="C1")], EXPIRED, ("p1", "monthly", "C1")),
    ],
)
def test_a_car_is_of_the_pass_of_its_decision_or_of_its_last_read(
    reads: list[CredentialRead], decision: Decision | None, facts: tuple[str | None, ...]
) -> None:
    one = case(reads=reads, decision=decision)
    assert (one.pass_id, one.kind, one.plate) == facts


@pytest.mark.parametrize(
    ("reads", "credential", "read"),
    [
        ([plate(value="A"), plate(value="B"), card()], None, "B"),
        ([card()], Credential("plate", "C"), "C"),
        ([card()], CARD, None),
        ([plate(value="A")], Credential("plate", "C"), "A"),
        ([], None, None),
    ],
)
def test_the_plate_that_was_read_is_the_last_one(
    reads: list[CredentialRead], credential: Credential | None, read: str | None
) -> None:
    assert case(reads=reads, credential=credential).plate_read == read


@pytest.mark.parametrize(
    ("mine", "other", "same"),
    [
        (case(decision=EXPIRED), case(decision=GRANTED), True),
        (case(decision=UNKNOWN), case(decision=UNKNOWN), False),
        (case(reads=[card()]), case(reads=[plate(), card()]), True),
        (case(reads=[card(value="1")]), case(reads=[card(value="2")]), False),
        (case(reads=[card(value="1")]), case(reads=[plate(value="1")]), False),
        (case(), case(), False),
    ],
)
def test_two_cases_are_of_one_car_by_pass_or_credential(mine: PendingCase, other: PendingCase, same: bool) -> None:
    assert mine.is_of(other) is same


def test_each_credential_is_kept_once_as_it_was_read_last() -> None:
    one = case()
    for read in (card(value="1"), plate(value="1"), card(ONE, value="1")):
        one.shown(read)
    assert one.reads == [plate(value="1"), card(ONE, value="1")]


def test_the_reads_of_a_case_are_bounded_and_the_newest_are_kept() -> None:
    one = case()
    for number in range(READS_MAX + 5):
        one.shown(card(value=str(number)))
    assert [read.value for read in one.reads] == [str(number) for number in range(4, READS_MAX + 5)]


@pytest.mark.parametrize(
    ("reads", "read", "since_ns", "value"),
    [
        ([card(value="1"), card(value="2")], plate(), None, "2"),
        ([plate(value="A"), card()], card(), None, "A"),
        ([card()], card(), None, None),
        ([plate()], plate(), None, None),
        ([card(value="1"), card(value="2", fault="x")], plate(), None, "1"),
        ([card(value="1")], plate(), T, "1"),
        ([card(value="1")], plate(), T + 1, None),
    ],
)
def test_the_other_proof_is_the_last_of_the_other_kind(
    reads: list[CredentialRead], read: CredentialRead, since_ns: int | None, value: str | None
) -> None:
    found = case(reads=reads).other_proof(read, since_ns)
    assert (found.value if found else None) == value


def test_a_refusal_is_told_once_for_each_credential_and_reason() -> None:
    one = case()
    cases = [(CARD, "expired"), (CARD, "blocked"), (Credential("plate", "100"), "expired"), (CARD, "expired")]
    assert [one.told_already(*each) for each in cases] == [False, False, False, True]


def test_what_was_told_is_bounded() -> None:
    one = case()
    for number in range(TOLD_MAX + 1):
        one.told_already(CARD, str(number))
    assert one.told_already(CARD, str(TOLD_MAX - 1)) is True
    assert one.told_already(CARD, str(TOLD_MAX)) is False
    assert len(one.told) == TOLD_MAX


@pytest.mark.parametrize(
    ("decision", "state", "differs", "missing"),
    [
        (EXPIRED, CaseState.WAITING, False, ["word"]),
        (Decision(Verdict.REFERRED, Reason.PLATE_MISMATCH, "", ONE), CaseState.WAITING, True, ["word"]),
        (GRANTED, CaseState.HANDLED, False, ["word"]),
        (GRANTED, CaseState.HANDLED_PROVING, False, ["second_proof"]),
    ],
)
def test_a_case_is_shown_without_anything_personal(
    decision: Decision, state: CaseState, differs: bool, missing: list[str]
) -> None:
    shown = case(decision=decision, state=state, credential=CARD, reads=[plate()]).view()
    assert msgspec.to_builtins(shown) == {
        "id": "c1", "at": "2026-11-30T08:00:00.000Z", "verdict": decision.verdict.value,
        "reason": decision.reason.value, "credential": msgspec.to_builtins(CARD), "pass": "p1", "kind": "monthly",
        "plate_read": "A12345",
        "plates_differ": differs, "missing": tuple(missing),
    }  # fmt: skip


def test_a_case_without_a_decision_is_shown_without_a_verdict() -> None:
    shown = case().view()
    assert (shown.verdict, shown.reason, shown.plates_differ) == (None, None, False)


# ---- after a restart

AT = datetime.datetime(2026, 11, 30, 8, tzinfo=datetime.UTC)
WALL = int(AT.timestamp()) * 1000 * MS


HANDLED = {"what": "refused", "by": "Lin", "reason": "not_known", "at": "2026-11-30T08:00:09.000Z"}


def last(**more: Any) -> LastDecision:
    given = {"verdict": "denied", "reason": "expired", "at": "2026-11-30T08:00:00.000Z", "case": "c1", "pass": "p1"}
    given |= {"kind": "monthly", "by": "gateway", "lane": "in", "valid_until": None}
    return msgspec.convert({**given, "credential": msgspec.to_builtins(CARD), "days_left": -2, **more}, LastDecision)


@pytest.mark.parametrize(
    ("more", "age_ms", "taken"),
    [
        ({}, 0, True),
        ({}, CASE_MS, True),
        ({}, CASE_MS + 1, False),
        ({}, -1, False),
        ({"verdict": "granted"}, 0, False),
        ({"verdict": "referred"}, 0, True),
        ({"case": None}, 0, False),
        ({"reason": "of another version"}, 0, False),
        ({"reason": None}, 0, False),
        ({"verdict": "of another version"}, 0, False),
        ({"kind": "of another version"}, 0, False),
    ],
)
def test_a_car_that_may_still_wait_is_taken_up_after_a_restart(more: dict[str, Any], age_ms: int, taken: bool) -> None:
    found = taken_up(last(**more), None, WALL + age_ms * MS, T)
    assert (found is not None) is taken
    if found is not None:
        assert found.seen_ns == T - age_ms * MS


@pytest.mark.parametrize(
    ("more", "pass_id", "named", "state"),
    [
        ({}, "p1", True, CaseState.WAITING),
        ({"handled": HANDLED}, "p1", True, CaseState.HANDLED),
        ({"pass": None}, None, False, CaseState.WAITING),
        ({"kind": None}, None, False, CaseState.WAITING),
        ({"reason": "lane_fault"}, "p1", False, CaseState.WAITING),
    ],
)
def test_a_case_that_is_taken_up_is_what_it_was(
    more: dict[str, Any], pass_id: str | None, named: bool, state: CaseState
) -> None:
    found = taken_up(last(**more), OpenVisit("v1", "p1", None, 5), WALL, T)
    assert found is not None and found.decision is not None
    assert (found.id, found.pass_id, found.named, found.state) == ("c1", pass_id, named, state)
    assert (found.credential, found.visit) == (CARD, OpenVisit("v1", "p1", None, 5))
    assert (found.decision.days_left, found.decision.rule) == (-2, "decided before the restart")


def test_some_refusals_are_not_the_fault_of_the_car() -> None:
    names = {reason.value for reason in NOT_ITS_FAULT}
    assert names == {"seen_elsewhere", "lane_locked", "lane_fault", "lane_unclear", "fault"}


# ---- where the cars are


@pytest.mark.parametrize(
    ("occupied", "after_ms", "there"),
    [
        (None, CASE_MS, True),
        (None, CASE_MS + 1, False),
        (False, UNNAMED_MS, True),
        (False, UNNAMED_MS + 1, False),
        (True, 10 * CASE_MS, True),
    ],
)
def test_a_car_is_in_front_while_its_loop_or_its_time_says_so(
    occupied: bool | None, after_ms: int, there: bool
) -> None:
    cases = Cases()
    one = cases.begin(IN, case())
    found = cases.of(IN, occupied, T + after_ms * MS)
    assert found is (one if there else None)
    assert cases.current(IN) is found
    assert one.place is (CasePlace.IN_FRONT if there else CasePlace.OVER)


def test_the_next_car_ends_the_case_of_its_lane_only() -> None:
    cases = Cases()
    first, beside = cases.begin(IN, case("c1")), cases.begin(OUT, case("c2"))
    second = cases.begin(IN, case("c3"))
    assert [one.place.value for one in (first, beside, second)] == ["over", "in_front", "in_front"]
    assert (cases.current(IN), cases.current(OUT)) == (second, beside)


@pytest.mark.parametrize(("lane", "name", "holds"), [(IN, "c1", True), (IN, "c2", False), (OUT, "c1", False)])
def test_a_lane_holds_the_case_in_front(lane: Lane, name: str, holds: bool) -> None:
    cases = Cases()
    cases.begin(IN, case("c1"))
    assert cases.holds(lane, name) is holds


def test_a_lane_without_a_car_holds_no_case_at_all() -> None:
    assert Cases().holds(IN, None) is False


@pytest.mark.parametrize(("since_ns", "there"), [(T, True), (T + 1, False)])
def test_what_was_read_while_the_car_rolled_up_is_its_own(since_ns: int, there: bool) -> None:
    cases = Cases()
    cases.begin(IN, case())
    cases.end_unless_seen_since(IN, since_ns)
    cases.end_unless_seen_since(OUT, since_ns)
    assert cases.holds(IN, "c1") is there


def test_a_shared_case_ends_at_each_lane() -> None:
    cases = Cases()
    ended = [cases.begin(IN, case("c1")), cases.begin(OUT, case("c1"))]
    cases.end_by_id("c2")
    assert cases.current(IN) is ended[0]
    cases.end_by_id("c1")
    assert [one.place.value for one in ended] == ["over", "over"]
    assert (cases.current(IN), cases.current(OUT)) == (None, None)


@pytest.mark.parametrize(("after_ms", "told"), [(LEFT_MS, False), (LEFT_MS + 1, True)])
def test_a_car_that_left_and_did_not_come_under_the_arm_has_backed_off(after_ms: int, told: bool) -> None:
    cases = Cases()
    one = cases.begin(IN, case())
    cases.leaves(IN, T)
    assert one.place is CasePlace.GONE
    assert cases.gone_with(IN, T + after_ms * MS) is (one if told else None)
    assert cases.gone_with(OUT, T + after_ms * MS) is None


def test_of_two_cars_that_left_only_the_last_is_remembered() -> None:
    cases = Cases()
    first = cases.begin(IN, case("c1"))
    cases.leaves(IN, T)
    second = cases.begin(IN, case("c2"))
    cases.leaves(IN, T)
    cases.leaves(IN, T)
    assert [one.place.value for one in (first, second)] == ["over", "gone"]


@pytest.mark.parametrize(("after_ms", "name", "place"), [(GONE_MS, "c1", "under"), (GONE_MS + 1, "c2", "over")])
def test_who_comes_under_the_arm_is_who_has_just_left_or_else_who_stands_in_front(
    after_ms: int, name: str, place: str
) -> None:
    cases = Cases()
    left = cases.begin(IN, case("c1"))
    cases.leaves(IN, T)
    cases.begin(IN, case("c2"))
    cases.goes_under(IN, True, T + after_ms * MS)
    assert left.place.value == place
    assert cases.holds(IN, "c2") is (name == "c1")
    passed = cases.passed()
    assert passed is not None and (passed.id, passed.place) == (name, CasePlace.OVER)
    assert cases.passed() is None


def test_the_next_one_under_the_arm_ends_the_one_before() -> None:
    cases = Cases()
    first = cases.begin(IN, case("c1"))
    cases.goes_under(IN, True, T)
    second = cases.begin(OUT, case("c2"))
    cases.goes_under(OUT, True, T)
    assert (first.place, second.place) == (CasePlace.OVER, CasePlace.UNDER)
    cases.nobody_under()
    assert (second.place, cases.passed()) == (CasePlace.OVER, None)


@pytest.mark.parametrize(("grant", "place"), [("g1", "under"), ("g2", "in_front")])
def test_the_vehicle_of_a_grant_goes_under_by_it(grant: str, place: str) -> None:
    cases = Cases()
    one = cases.begin(IN, case(grant="g1"))
    cases.goes_under_by(grant)
    assert one.place.value == place
    assert cases.holds(IN, "c1") is (grant == "g2")


@pytest.mark.parametrize(("grant", "place"), [("g1", "over"), ("g2", "in_front")])
def test_the_vehicle_of_a_grant_passes_by_it(grant: str, place: str) -> None:
    cases = Cases()
    one = cases.begin(IN, case(grant="g1"))
    cases.passed_by(grant)
    assert one.place.value == place
    assert cases.holds(IN, "c1") is (grant == "g2")


@pytest.mark.parametrize(("stands", "place"), [(True, "in_front"), (False, "over")])
def test_a_car_that_goes_back_waits_again_if_it_stands_there(stands: bool, place: str) -> None:
    cases = Cases()
    one = cases.begin(IN, case("c1"))
    cases.goes_under(IN, True, T)
    behind = cases.begin(IN, case("c2"))
    cases.goes_back(IN, stands=stands)
    assert one.place.value == place
    assert behind.place is (CasePlace.OVER if stands else CasePlace.IN_FRONT)
    assert cases.holds(IN, "c1") is stands
    assert cases.passed() is None


def test_an_empty_place_under_the_arm_changes_nothing_in_front() -> None:
    cases = Cases()
    one = cases.begin(IN, case())
    cases.goes_back(IN, stands=True)
    assert cases.current(IN) is one


# ---- card and plate


@pytest.mark.parametrize(
    ("one", "other", "differs"),
    [
        (card(), plate(TWO), False),
        (card(ONE), plate(ONE, TWO), False),
        (card(ONE), plate(TWO), True),
        (card(ONE), plate(value="A12345"), False),
        (card(ONE), plate(value="Z98765"), True),
        (card(ONE, Pass("p3", PassKind.STAFF)), plate(value="Z98765"), False),
        (card(TWO), plate(value="B22222"), False),
        (card(ONE, TWO), plate(value="B22222"), False),
    ],
)
def test_card_and_plate_differ_in_either_order(one: CredentialRead, other: CredentialRead, differs: bool) -> None:
    assert differ(one, other) is differs
    assert differ(other, one) is differs
