"""A grant: its way from waiting to its end, its proofs, its time and what an earlier run left of it."""

from __future__ import annotations

import msgspec
import pytest

from gateway.core.access.pending import PendingCase
from gateway.core.lane.grants.grant import Grant, GrantEvent, GrantState, Left
from gateway.core.vocabulary.authors import Author
from gateway.core.vocabulary.events import OpenVisit
from gateway.core.vocabulary.rows import Credential
from gateway.core.vocabulary.turn import rfc3339
from tests.core.lane_parts.bench import IN, MS, OUT, WALL_NS, grant, mono, rows, turn_at

CARD = Credential("card", "472288")
PLATE = Credential("plate", "京A12345")
VISIT = OpenVisit("v1", "p1", None, 0)


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ((), GrantState.WAITING),
        ((GrantEvent.GOES_UNDER,), GrantState.UNDER),
        ((GrantEvent.GOES_UNDER, GrantEvent.GOES_BACK), GrantState.WAITING),
        ((GrantEvent.PASSED,), GrantState.USED),
        ((GrantEvent.GOES_UNDER, GrantEvent.PASSED), GrantState.USED),
        ((GrantEvent.DROPPED,), GrantState.UNUSED),
        ((GrantEvent.GOES_UNDER, GrantEvent.DROPPED), GrantState.UNUSED),
    ],
)
def test_a_grant_goes_its_way(events: tuple[GrantEvent, ...], state: GrantState) -> None:
    one = grant()
    for event in events:
        one.happens(event)
    assert one.state is state


@pytest.mark.parametrize("end", [GrantEvent.PASSED, GrantEvent.DROPPED])
@pytest.mark.parametrize("event", GrantEvent)
def test_nothing_happens_to_a_grant_that_has_ended(end: GrantEvent, event: GrantEvent) -> None:
    one = grant()
    one.happens(end)
    with pytest.raises(KeyError):
        one.happens(event)


@pytest.mark.parametrize(
    ("state", "event"), [(GrantState.WAITING, GrantEvent.GOES_BACK), (GrantState.UNDER, GrantEvent.GOES_UNDER)]
)
def test_a_vehicle_goes_under_and_back_in_turn(state: GrantState, event: GrantEvent) -> None:
    with pytest.raises(KeyError):
        grant(state=state).happens(event)


@pytest.mark.parametrize(
    ("reason", "credential", "method"),
    [
        ("pass", CARD, "automatic"),
        ("pass", None, "manual"),
        ("operator", CARD, "manual"),
        ("remote", CARD, "manual"),
        ("emergency", CARD, "manual"),
        ("operator", None, "manual"),
    ],
)
def test_a_passage_is_automatic_when_a_proof_gave_it_and_no_person(
    reason: str, credential: Credential | None, method: str
) -> None:
    assert Grant("g1", IN, reason, "", "then", credential=credential).method == method


def test_a_grant_is_proved_by_either_of_its_two_proofs() -> None:
    one = grant(credential=CARD)
    assert one.proved_by(Credential("card", "472288"))
    assert not one.proved_by(PLATE)
    one.prove(PLATE)
    assert one.proved_by(PLATE)
    assert one.proved_by(CARD)
    assert not one.proved_by(Credential("plate", "472288"))


def test_a_grant_knows_its_author() -> None:
    one = Grant("g1", IN, "operator", "Lin", "then", via="guard", station="booth")
    assert one.author == Author("Lin", "guard", "booth")


def test_a_grant_that_is_bound_to_a_case_is_for_the_car_of_that_case() -> None:
    one = grant(pass_id="p9", kind="monthly", credential=PLATE, plate="x", case="c0")
    case = PendingCase("c1", "", 0, credential=CARD, visit=VISIT)
    one.bind_to(case)
    assert (one.pass_id, one.kind, one.plate) == (None, None, None)
    assert (one.credential, one.visit, one.case) == (CARD, VISIT, "c1")
    assert case.grant == one.id


@pytest.mark.parametrize("stands", [True, False])
def test_a_vehicle_that_shows_its_proof_again_has_not_gone(stands: bool) -> None:
    one = grant(stood=not stands, gone=True)
    one.is_here(77, stands=stands)
    assert (one.given_ns, one.stood, one.gone) == (77, stands, False)


@pytest.mark.parametrize(
    ("before", "gone", "new"), [(False, True, True), (True, True, False), (True, False, True), (False, False, False)]
)
def test_a_vehicle_that_left_is_news_once(before: bool, gone: bool, new: bool) -> None:
    one = grant(gone=before)
    assert one.note_gone(gone) is new
    assert one.gone is gone


# ---- its time


def test_the_time_of_a_grant_begins_whole_and_goes_on_where_it_stopped() -> None:
    one = grant()
    assert one.run(mono(0), 20_000) == 20_000
    assert one.run(mono(100), 20_000) is None
    assert one.pause(mono(4500))
    assert one.left_ms == 15_500
    assert one.running_since_ns is None
    assert not one.pause(mono(6000))
    assert one.left_ms == 15_500
    assert one.run(mono(9000), 20_000) == 15_500


@pytest.mark.parametrize(("used_ms", "left_ms"), [(19_999, 1), (20_000, 0), (25_000, 0)])
def test_a_grant_never_has_less_than_no_time_left(used_ms: int, left_ms: int) -> None:
    one = grant()
    one.run(mono(0), 20_000)
    one.pause(mono(used_ms))
    assert one.left_ms == left_ms
    assert one.run(mono(30_000), 20_000) == left_ms


def test_an_opening_gives_a_grant_its_whole_time_once() -> None:
    one = grant(left_ms=300)
    one.called()
    assert (one.left_ms, one.opened) == (None, True)
    assert one.run(mono(0), 20_000) == 20_000
    one.called()
    assert one.left_ms == 20_000


# ---- as others know it


@pytest.mark.parametrize("shown", [CARD, None])
def test_a_grant_is_known_to_incidents_and_screens_alike(shown: Credential | None) -> None:
    one = Grant("g1", IN, "pass", "Lin", "then", pass_id="p1", credential=shown, plate="京A12345")
    known = {"at": "then", "pass": "p1", "credential": msgspec.to_builtins(shown), "reason": "pass", "by": "Lin"}
    assert msgspec.to_builtins(one.last_grant()) == known
    assert msgspec.to_builtins(one.view()) == {"id": "g1", **known}


@pytest.mark.parametrize(("credential", "plate"), [(PLATE, "京A12345"), (CARD, None), (None, None)])
def test_a_grant_of_an_earlier_run_is_the_same_once_more(credential: Credential | None, plate: str | None) -> None:
    left = Left("g7", "in", WALL_NS + 5 * MS, "p1", "monthly", credential, "pass", "Lin", VISIT)
    one = left.again(OUT)
    assert (one.id, one.lane, one.at) == ("g7", OUT, rfc3339(WALL_NS + 5 * MS))
    assert (one.pass_id, one.kind, one.credential) == ("p1", "monthly", credential)
    assert (one.reason, one.by, one.visit) == ("pass", "Lin", VISIT)
    assert one.plate == plate
    assert one.opened
    assert one.state is GrantState.WAITING


def test_a_grant_that_no_vehicle_used_before_a_restart_is_recorded_so() -> None:
    turn = turn_at()
    Left("g7", "in", pass_id="p1").unused(turn)
    (row,) = rows(turn)
    assert (row.type, row.lane, row.pass_, row.grant, row.reason) == ("grant.unused", "in", "p1", "g7", "restart")


def test_a_new_grant_has_stood_nowhere_left_nowhere_and_opened_nothing() -> None:
    one = grant()
    assert (one.stood, one.gone, one.opened, one.by_button) == (False, False, False, False)
    assert (one.given_ns, one.left_ms, one.running_since_ns) == (0, None, None)
    assert one.author == Author("")
