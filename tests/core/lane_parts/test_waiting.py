"""What keeps a lane from moving or asks a person: interruption, pause, question, siren, notice, hold, tag and fire."""

from __future__ import annotations

import msgspec
import pytest

from gateway.core.lane.modes.fire import Fires
from gateway.core.lane.modes.hold import Hold
from gateway.core.lane.modes.hold_end import HoldEnd
from gateway.core.lane.modes.interruption import Interruption, InterruptionEvent
from gateway.core.lane.modes.notices import NoticeEvent, Notices
from gateway.core.lane.modes.pause import Pause
from gateway.core.lane.modes.question import Question
from gateway.core.lane.modes.siren import Siren, SirenEvent
from gateway.core.lane.modes.tag import Tag
from gateway.core.settings.model import Direction, Lane, Point
from gateway.core.vocabulary import views
from gateway.core.vocabulary.authors import SCHEDULE, Author
from gateway.core.vocabulary.commands import SetOutput
from gateway.core.vocabulary.turn import rfc3339
from tests.core.lane_parts.bench import IN, MS, OUT, TIMER, WALL_NS, cancelled, started, switched, turn_at

LIN = Author("Lin", "guard")
FREEING = (InterruptionEvent.HANDED_BACK_CLOSED, InterruptionEvent.PERSON_DECIDES)
NAMED = {
    NoticeEvent.NOT_FOLLOWED: "no_answer",
    NoticeEvent.CLOSE_ABORTED: "close_aborted",
    NoticeEvent.STAYS_UNDER: "vehicle_under",
    NoticeEvent.APPROACH_STUCK: "approach_stuck",
    NoticeEvent.FIRST_PROOF: "second_factor",
    NoticeEvent.CROSSED_CLOSED: "crossed_closed",
}
END_ALL = {NoticeEvent.FOLLOWED, NoticeEvent.IS_OPEN, NoticeEvent.RESET}
ENDS = {
    NoticeEvent.NOT_FOLLOWED: END_ALL,
    NoticeEvent.CLOSE_ABORTED: END_ALL | {NoticeEvent.IS_CLOSED},
    NoticeEvent.STAYS_UNDER: END_ALL | {NoticeEvent.IS_CLOSED, NoticeEvent.SAFETY_FREE, NoticeEvent.LOOKED},
    NoticeEvent.APPROACH_STUCK: END_ALL | {NoticeEvent.IS_CLOSED, NoticeEvent.APPROACH_FREE, NoticeEvent.LOOKED},
    NoticeEvent.FIRST_PROOF: END_ALL | {NoticeEvent.IS_CLOSED, NoticeEvent.SECOND_PROOF},
    NoticeEvent.CROSSED_CLOSED: END_ALL | {NoticeEvent.IS_CLOSED, NoticeEvent.LOOKED},
}


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("event", InterruptionEvent)
def test_a_lane_waits_for_a_person_after_all_but_a_decision_and_a_closed_hand_back(
    before: bool, event: InterruptionEvent
) -> None:
    interruption = Interruption(before)
    interruption.happens(event)
    assert interruption.active is (event not in FREEING)


@pytest.mark.parametrize("left", [False, True])
def test_an_interruption_is_as_the_last_run_left_it(left: bool) -> None:
    assert Interruption(left).active is left


# ---- notices


@pytest.mark.parametrize("first", NAMED)
@pytest.mark.parametrize("event", NoticeEvent)
def test_a_notice_is_replaced_ended_or_stays(first: NoticeEvent, event: NoticeEvent) -> None:
    notices = Notices()
    notices.happens(first)
    notices.happens(event)
    stays = None if event in ENDS[first] else NAMED[first]
    assert notices.told == NAMED.get(event, stays)


@pytest.mark.parametrize("event", NoticeEvent)
def test_a_lane_that_told_nothing_tells_only_what_begins_a_notice(event: NoticeEvent) -> None:
    notices = Notices()
    assert notices.told is None
    notices.happens(event)
    assert notices.told == NAMED.get(event)


# ---- the pause


def test_a_pause_lasts_ten_seconds_and_says_who_and_until_when() -> None:
    pause, turn = Pause(TIMER), turn_at()
    assert not pause.active
    assert pause.view() is None
    pause.begin(turn, LIN)
    assert pause.active
    assert started(turn) == [("test", 10_000)]
    assert turn.shown
    until = rfc3339(WALL_NS + 10_000 * MS)
    assert pause.view() == views.Pause(by="Lin", since=rfc3339(WALL_NS), until=until)


def test_a_pause_that_a_person_ends_cancels_its_time_and_shows_nothing() -> None:
    pause, turn = Pause(TIMER), turn_at(50)
    pause.begin(turn_at(), LIN)
    pause.end(turn)
    assert not pause.active
    assert cancelled(turn) == ["test"]
    assert pause.view() is None


def test_a_pause_whose_time_is_over_is_off_and_may_begin_again() -> None:
    pause = Pause(TIMER)
    pause.begin(turn_at(), LIN)
    pause.time_over()
    assert not pause.active
    pause.begin(turn_at(20_000), Author("Wang", "guard"))
    pause.begin(turn_at(21_000), LIN)
    assert pause.active
    shown = pause.view()
    assert shown is not None
    assert (shown.since, shown.by) == (rfc3339(WALL_NS + 21_000 * MS), "Lin")


# ---- the question


def test_a_question_has_a_minute_and_then_names_its_lane_once() -> None:
    question, turn = Question(TIMER, asked=False), turn_at()
    question.ask(turn, OUT)
    assert question.asked
    assert started(turn) == [("test", 60_000)]
    assert question.time_over() is OUT
    assert not question.asked
    assert question.time_over() is None


def test_a_second_vehicle_asks_the_question_anew_for_its_own_lane() -> None:
    question, turn = Question(TIMER, asked=False), turn_at(30_000)
    question.ask(turn_at(), OUT)
    question.ask(turn, IN)
    assert started(turn) == [("test", 60_000)]
    assert question.time_over() is IN


@pytest.mark.parametrize(("asked", "timers"), [(True, [("test", 60_000)]), (False, [])])
def test_a_restart_gives_an_open_question_a_minute_and_no_other(asked: bool, timers: list[tuple[str, int]]) -> None:
    question, turn = Question(TIMER, asked=asked), turn_at()
    question.wait(turn)
    assert question.asked is asked
    assert started(turn) == timers
    assert question.time_over() is None


def test_an_answer_ends_the_question_and_its_time() -> None:
    question, turn = Question(TIMER, asked=True), turn_at()
    question.answer(turn)
    assert not question.asked
    assert cancelled(turn) == ["test"]


def test_a_crash_leaves_nothing_to_ask() -> None:
    question, turn = Question(TIMER, asked=True), turn_at()
    question.crashed()
    question.wait(turn)
    assert not question.asked
    assert turn.commands == []


# ---- the sirens

TWO = (
    Lane("in", "", Direction.ENTRY, "in", siren=Point("io.output.3")),
    Lane("mute", "", Direction.ENTRY, "in"),
    Lane("out", "", Direction.EXIT, "in", siren=Point("io.output.5", normally="closed")),
)


def test_a_crash_sounds_all_sirens_for_three_minutes_each_by_its_own_wiring() -> None:
    siren, turn = Siren(TWO, TIMER), turn_at()
    siren.happens(turn, SirenEvent.CRASHED)
    assert switched(turn) == [(3, True), (5, False)]
    assert started(turn) == [("test", 180_000)]


@pytest.mark.parametrize("end", [SirenEvent.SILENCED, SirenEvent.TIME_OVER])
def test_a_siren_that_sounds_is_switched_off_once(end: SirenEvent) -> None:
    siren, turn, again = Siren(TWO, TIMER), turn_at(), turn_at()
    siren.happens(turn_at(), SirenEvent.CRASHED)
    siren.happens(turn, end)
    assert switched(turn) == [(3, False), (5, True)]
    assert started(turn) == []
    siren.happens(again, end)
    assert again.commands == []


def test_a_second_crash_does_not_start_the_three_minutes_again() -> None:
    siren, turn = Siren(TWO, TIMER), turn_at()
    siren.happens(turn_at(), SirenEvent.CRASHED)
    siren.happens(turn, SirenEvent.CRASHED)
    assert turn.commands == []


@pytest.mark.parametrize(
    ("device", "on", "expected"),
    [("io", 3, [SetOutput("io", 3, False)]), ("io", 2, []), ("io2", 3, [])],
)
def test_a_silent_siren_that_a_killed_run_left_on_is_let_go(device: str, on: int, expected: list[SetOutput]) -> None:
    siren, turn = Siren(TWO[:2], TIMER), turn_at()
    siren.let_go(turn, device, tuple(number == on for number in range(8)))
    assert turn.commands == expected


def test_a_siren_that_sounds_is_not_let_go() -> None:
    siren, turn = Siren(TWO, TIMER), turn_at()
    siren.happens(turn_at(), SirenEvent.CRASHED)
    siren.let_go(turn, "io", (True,) * 8)
    assert turn.commands == []


# ---- the hold


def left_of(hold: Hold) -> int | None:
    """The vehicles until it ends by itself, as screens show it."""
    shown = hold.view()
    assert shown is not None
    return shown.left


def test_a_hold_with_minutes_has_a_timer_and_an_end() -> None:
    hold, turn = Hold(TIMER, IN), turn_at()
    until = rfc3339(WALL_NS + 90 * 60_000 * MS)
    assert hold.begin(turn, OUT, LIN, 90, None) == {"until": until, "count": None, "scheduled": False}
    assert started(turn) == [("test", 5_400_000)]
    assert hold.lane is OUT
    assert hold.view() == views.Hold(by="Lin", since=rfc3339(WALL_NS), until=until, scheduled=False, left=None)


def test_a_hold_without_minutes_cancels_the_time_of_an_earlier_one() -> None:
    hold, turn = Hold(TIMER, IN), turn_at()
    assert hold.begin(turn, IN, LIN, None, 4) == {"until": None, "count": 4, "scheduled": False}
    assert cancelled(turn) == ["test"]
    assert started(turn) == []
    assert left_of(hold) == 4


@pytest.mark.parametrize(("author", "scheduled"), [(SCHEDULE, True), (LIN, False)])
def test_a_hold_is_scheduled_when_no_person_began_it(author: Author, scheduled: bool) -> None:
    hold = Hold(TIMER, IN)
    assert hold.view() is None
    assert hold.scheduled is False
    hold.begin(turn_at(), IN, author, None, None)
    assert hold.scheduled is scheduled


def test_a_counted_hold_ends_with_its_last_vehicle() -> None:
    hold = Hold(TIMER, IN)
    hold.begin(turn_at(), IN, LIN, None, 3)
    assert [hold.count(), hold.count(), hold.count()] == [False, False, True]
    assert left_of(hold) == 0


def test_a_hold_without_a_count_never_ends_by_vehicles() -> None:
    hold, turn = Hold(TIMER, IN), turn_at()
    hold.begin(turn_at(), IN, LIN, None, 1)
    hold.end(turn)
    assert cancelled(turn) == ["test"]
    assert [hold.count(), hold.count()] == [False, False]
    assert left_of(hold) is None


@pytest.mark.parametrize("detail", [{"minutes": 1}, {"minutes": 1440}, {"count": 1}, {"count": 1000}, {}])
def test_an_end_of_a_hold_within_its_bounds_is_taken_as_it_is(detail: dict[str, int]) -> None:
    assert msgspec.convert(detail, HoldEnd).document() == detail


@pytest.mark.parametrize(
    "detail", [{"minutes": 0}, {"minutes": 1441}, {"count": 0}, {"count": 1001}, {"hours": 1}, {"minutes": "5"}]
)
def test_an_end_of_a_hold_outside_its_bounds_is_refused(detail: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(detail, HoldEnd)


# ---- the tag and the fires


def test_a_tag_says_who_and_why_until_it_is_taken_off() -> None:
    tag = Tag(None)
    assert (tag.on, tag.by, tag.reason, tag.view()) == (False, "", "", None)
    tag.put_on(turn_at(), LIN, "new belt")
    assert (tag.on, tag.by, tag.reason) == (True, "Lin", "new belt")
    assert tag.view() == views.Tag(by="Lin", since=rfc3339(WALL_NS), reason="new belt")
    tag.take_off()
    assert (tag.on, tag.by, tag.reason, tag.view()) == (False, "", "", None)


def test_a_tag_of_an_earlier_run_is_on_even_when_little_is_known_of_it() -> None:
    tag = Tag(views.Tag(by=None, since=None, reason=None))
    assert tag.on
    assert (tag.by, tag.reason) == ("", "")


def test_fires_are_where_a_contact_is_on() -> None:
    fires = Fires()
    assert not fires
    fires.begins("in")
    fires.begins("out")
    fires.begins("in")
    assert fires.barriers == {"in", "out"}
    fires.ends("in")
    assert fires.barriers == {"out"}
    assert fires
    fires.ends("never")
    fires.ends("out")
    assert not fires
