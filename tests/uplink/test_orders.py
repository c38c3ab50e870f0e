"""Orders from central: what is refused at the door, and where answers go. No broker, no engine."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args, get_type_hints

import apsw
import pytest

from gateway.core.lane.people.refusals import COMMANDS
from gateway.core.vocabulary.errors import EngineUnreachableError, RevisionConflictError
from gateway.uplink.central.answers import MEMORY_MAX, Answers
from gateway.uplink.central.commander import QUEUE_MAX, Commander
from gateway.uplink.central.commands import (
    COMMAND_BYTES,
    PASS_BYTES,
    Answer,
    LaneOrder,
    Letter,
    PassOrder,
    VisitOrder,
    read,
)
from gateway.uplink.central.cursors import Cursors
from gateway.uplink.mqtt.messages import Incoming, Outgoing, Topics
from tests.support.mosquitto import wait_until

TOPICS = Topics("gatehouse/s/g")
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
SOON = "2026-11-21T08:00:30Z"


def command(**changes: Any) -> dict[str, Any]:
    order = {"id": "c1", "lane": "in", "command": "open", "reason": "visitor", "expires_at": SOON}
    return {key: value for key, value in {**order, **changes}.items() if value is not ...}


def judged(
    document: Any, *, topic: str = TOPICS.commands, retained: bool = False, response: str = "r"
) -> Letter | dict[str, Any] | None:
    """The letter, or the refusal as central reads it."""
    payload = document if isinstance(document, bytes) else json.dumps(document).encode()
    found = read(Incoming(topic, payload, retained, response, b"k"), TOPICS)
    return json.loads(found.payload) if isinstance(found, Outgoing) else found


def reason(document: Any, **how: Any) -> str:
    refusal = judged(document, **how)
    assert isinstance(refusal, dict), refusal
    assert refusal["status"] == "refused"
    return str(refusal["reason"])


def test_a_whole_command_is_carried_on() -> None:
    letter = judged(command(by="Chen", identity_checked=True))
    assert isinstance(letter, Letter)
    assert isinstance(letter.order, LaneOrder)
    assert (letter.order.lane, letter.order.by, letter.order.identity_checked) == ("in", "Chen", True)


def test_every_command_of_a_lane_may_be_asked_for() -> None:
    assert set(get_args(get_type_hints(LaneOrder)["command"])) == set(COMMANDS)


def test_a_hold_may_name_its_end_and_a_vehicle_let_through_by_hand_its_witness() -> None:
    hold = judged(command(command="hold", detail={"minutes": 30}))
    passed = judged(command(command="passed", by="Chen"))
    assert isinstance(hold, Letter)
    assert isinstance(passed, Letter)


@pytest.mark.parametrize("key", ["id", "lane", "command", "reason", "expires_at"])
def test_a_command_without_a_required_key_is_malformed(key: str) -> None:
    assert reason(command(**{key: ...})) == "malformed"


@pytest.mark.parametrize(
    "changes",
    [
        {"command": "explode"},
        {"command": 1},
        {"lane": "in/../out"},
        {"lane": "in\n"},
        {"id": ""},
        {"id": "x" * 65},
        {"reason": ""},
        {"reason": "x" * 101},
        {"reason": "  "},
        {"reason": "parcel\n12:00 opened by Lin"},
        {"reason": "parcel\u202e"},
        {"reason": "call 13800138000"},
        {"by": "Chen\x1b[2J"},
        {"by": "Chen 13800138000"},
        {"command": "stop", "identity_checked": "post"},
        {"by": "x" * 101},
        {"identity_checked": "yes"},
        {"expires_at": "soon"},
        {"expires_at": "9999-12-31T23:59:59Z"},
        {"expires_at": "9999-12-31T23:59:59-12:00"},
        {"expires_at": "9999-12-31T23:59:59.9999999Z"},
        {"expires_at": "2026-11-30T24:00:00Z"},
        {"expires_at": "2016-12-31T23:59:60Z"},
        {"expires_at": "2026-11-21T08:00:30"},
        {"expires_at": 1795248000},
        {"unknown": 1},
        {"detail": {"minutes": 5}},
        {"command": "hold", "detail": {"minutes": 0}},
        {"command": "hold", "detail": {"minutes": 24 * 60 + 1}},
        {"command": "hold", "detail": {"count": 1001}},
        {"command": "hold", "detail": {"hours": 1}},
        {"command": "passed"},
        {"command": "passed", "by": " "},
    ],
)
def test_a_command_with_a_wrong_value_is_malformed(changes: dict[str, Any]) -> None:
    assert reason(command(**changes)) == "malformed"


@pytest.mark.parametrize("payload", [b"[" * 3_000, b"", b"open", b"[]", b"\xff\xfe", b"null", b'{"id":"c1"'])
def test_noise_is_malformed(payload: bytes) -> None:
    assert reason(payload) == "malformed"


def test_a_command_too_long_is_not_even_read() -> None:
    assert reason(command(reason="x" * COMMAND_BYTES)) == "malformed"


def test_a_malformed_command_is_answered_by_its_id() -> None:
    refusal = judged(command(lane=...), response="")
    assert isinstance(refusal, dict)
    assert refusal["id"] == "c1"


@pytest.mark.parametrize(
    ("document", "topic", "words"),
    [
        (command(lane=...), TOPICS.commands, "lane: is missing; it is required"),
        (command(command="explode"), TOPICS.commands, "command: is 'explode'; use one of \"close\","),
        (command(case=5), TOPICS.commands, "case: is 5; give a text in quotes"),
        (command(colour="red"), TOPICS.commands, "colour: is not a known key; known here: id, lane,"),
        ({"id": "p1", "revision": 0, "pass": {"id": "a", "kind": "weekly"}}, TOPICS.passes, "pass.kind: is 'weekly';"),
        ({"id": "p1", "delete": "a"}, TOPICS.passes, "revision: is missing; give the one last seen"),
    ],
)
def test_a_refusal_says_where_what_and_what_would_be_right(document: dict[str, Any], topic: str, words: str) -> None:
    refusal = judged(document, topic=topic)
    assert isinstance(refusal, dict)
    assert refusal["detail"].startswith(words)


EVENT = "k3x9q2m4p7ab.1200"


@pytest.mark.parametrize(
    ("document", "topic", "named"),
    [
        (command(reason="x" * COMMAND_BYTES), TOPICS.commands, "c1"),
        ({"id": "p1", "delete": "a" * PASS_BYTES}, TOPICS.passes, "p1"),
        ({"consumer": "a\nb", "id": EVENT, "head": "0"}, TOPICS.confirmed, EVENT),
        ({"consumer": "central", "id": EVENT}, TOPICS.confirmed, EVENT),
        ({"consumer": "central", "id": EVENT, "head": "0" * COMMAND_BYTES}, TOPICS.confirmed, EVENT),
        (b'{"id": "c1", "reason": "\xff"}', TOPICS.commands, "c1"),
    ],
)
def test_all_that_names_itself_is_answered(document: Any, topic: str, named: str) -> None:
    refusal = judged(document, topic=topic, response="")
    assert isinstance(refusal, dict)
    assert (refusal["id"], refusal["status"], refusal["reason"]) == (named, "refused", "malformed")


@pytest.mark.parametrize(
    ("document", "topic"),
    [
        (command(id=EVENT, lane=...), TOPICS.commands), (command(id=5), TOPICS.commands),
        ({"consumer": "central", "id": "x" * 101, "head": "0"}, TOPICS.confirmed),
        ({"consumer": "central", "id": "a\nb", "head": "0"}, TOPICS.confirmed),
    ],
)  # fmt: skip
def test_an_id_that_is_none_is_not_repeated(document: Any, topic: str) -> None:
    assert judged(document, topic=topic, response="") is None


def test_noise_that_names_nobody_is_not_answered() -> None:
    assert judged(b"noise", response="") is None


def test_a_retained_command_is_refused_though_it_is_whole() -> None:
    assert reason(command(), retained=True) == "retained"


@pytest.mark.parametrize(
    ("wished", "topic"),
    [
        ("central/answers/7", "central/answers/7"),
        ("", TOPICS.replies),
        ("central/#", TOPICS.replies),
        ("central/+", TOPICS.replies),
        ("$SYS/x", TOPICS.replies),
        (TOPICS.commands, TOPICS.replies),
        (TOPICS.events, TOPICS.replies),
        (TOPICS.alarm("a1"), TOPICS.replies),
        (TOPICS.prefix, TOPICS.replies),
        (f"{TOPICS.replies}/central-2", f"{TOPICS.replies}/central-2"),
    ],
)
def test_answers_go_where_they_cannot_be_mistaken(wished: str, topic: str) -> None:
    payload = json.dumps(command(lane=...)).encode()
    answer = read(Incoming(TOPICS.commands, payload, False, wished, b"k"), TOPICS)
    assert isinstance(answer, Outgoing)
    assert (answer.topic, answer.correlation, answer.retain) == (topic, b"k", False)


PASS = {"id": "p1", "kind": "monthly", "plates": ["沪A12345"]}


@pytest.mark.parametrize(
    "document",
    [
        {"id": "c1", "revision": 0, "pass": PASS},
        {"id": "c1", "revision": None, "pass": PASS},
        {"id": "c1", "revision": 3, "delete": "p1"},
        {"id": "c1", "pass": {**PASS, "revision": 0}},
    ],
)
def test_a_pass_change_is_carried_on(document: dict[str, Any]) -> None:
    letter = judged(document, topic=TOPICS.passes)
    assert isinstance(letter, Letter)
    assert isinstance(letter.order, PassOrder)


@pytest.mark.parametrize(
    "document",
    [
        {"id": "c1", "revision": 0},
        {"id": "c1", "pass": PASS},
        {"id": "c1", "delete": "p1"},
        {"id": "c1", "revision": 0, "pass": PASS, "delete": "p1"},
        {"id": "c1", "revision": -1, "pass": PASS},
        {"id": "c1", "revision": "1", "pass": PASS},
        {"id": "c1", "revision": 0, "pass": {"id": "p1"}},
        {"id": "c1", "revision": 0, "pass": {**PASS, "kind": "king"}},
        {"id": "c1", "revision": 0, "pass": {**PASS, "colour": "red"}},
        {"id": "c1", "revision": 0, "delete": "p/1"},
    ],
)
def test_a_pass_change_that_is_wrong_is_malformed(document: dict[str, Any]) -> None:
    assert reason(document, topic=TOPICS.passes) == "malformed"


def test_a_retained_pass_change_is_refused() -> None:
    document = {"id": "c1", "revision": 0, "pass": PASS}
    assert reason(document, topic=TOPICS.passes, retained=True) == "retained"


class Engine:
    """Answers as a test wants."""

    def __init__(self, answer: Callable[[str, dict[str, Any]], Any]) -> None:
        self.answer = answer
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def call(self, op: str, **params: Any) -> Any:
        self.asked.append((op, params))
        return self.answer(op, params)


class Journal:
    """Ten rows whose hash is their number, 64 times the last digit."""

    journal_id = "testjournal"

    def fault_of(self, journal: str, sequence: int, digest: str) -> str:
        if journal != self.journal_id:
            return "other_journal"
        if not 0 < sequence <= 10:
            return "unknown_row"
        return "" if digest == str(sequence)[-1] * 64 else "other_hash"

    def head(self, sequence: int) -> str:
        return f"{sequence}:{str(sequence)[-1] * 64}"


JOURNAL = Journal()
Serve = Callable[..., tuple[Commander, Engine, list[dict[str, Any]]]]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Makes a commander that asks an engine with that answer, and keeps its replies; it ends with the test."""
    at_work: list[Commander] = []

    def make(answer: Callable[[str, dict[str, Any]], Any], *, start: bool = True) -> Any:
        Cursors(tmp_path / "uplink.db").close()
        engine = Engine(answer)
        replies: list[dict[str, Any]] = []
        said = replies.append
        commander = Commander(
            engine, tmp_path / "uplink.db", lambda message: said(json.loads(message.payload)), JOURNAL
        )
        if start:
            commander.start()
            at_work.append(commander)
        return commander, engine, replies

    yield make
    for commander in at_work:
        commander.stop()


def letter(document: dict[str, Any], topic: str = TOPICS.commands) -> Letter:
    found = judged(document, topic=topic)
    assert isinstance(found, Letter)
    return found


def test_the_engine_is_asked_with_a_key_made_of_the_id(serve: Serve) -> None:
    done = {"id": "x", "status": "done", "reason": None, "detail": {}}
    commander, engine, replies = serve(lambda *_: done)
    commander.submit(letter(command(by="Chen")))
    wait_until(lambda: replies)
    assert replies == [{"id": "c1", "status": "done", "reason": "", "detail": ""}]
    assert engine.asked == [
        (
            "lane.command",
            {
                "request": "mqtt:c1",
                "lane": "in",
                "command": "open",
                "by": "Chen",
                "via": "mqtt",
                "reason": "visitor",
                "expires_at": "2026-11-21T08:00:30.000Z",
                "detail": {},
                "case": "",
            },
        )
    ]


def test_the_end_of_a_hold_goes_along_to_the_engine(serve: Serve) -> None:
    commander, engine, replies = serve(lambda *_: {"id": "x", "status": "done"})
    commander.submit(letter(command(command="hold", detail={"minutes": 30, "count": 4})))
    wait_until(lambda: replies)
    assert engine.asked[0][1]["detail"] == {"minutes": 30, "count": 4}


def test_without_an_engine_the_answer_is_no(serve: Serve) -> None:
    def nobody(*_: Any) -> Any:
        raise EngineUnreachableError("nobody answers")

    commander, _, replies = serve(nobody)
    commander.submit(letter(command()))
    commander.submit(letter({"id": "c2", "revision": 0, "delete": "p1"}, TOPICS.passes))
    wait_until(lambda: len(replies) == 2)
    assert {reply["reason"] for reply in replies} == {"engine_unreachable"}


def test_an_answer_of_nobody_is_not_kept_as_the_first(serve: Serve) -> None:
    """The engine comes back, and the same id gets the true answer."""
    away = threading.Event()
    away.set()

    def answer(*_: Any) -> Any:
        if away.is_set():
            raise EngineUnreachableError("nobody answers")
        return {}

    commander, _, replies = serve(answer)
    change = letter({"id": "c2", "revision": 0, "delete": "p1"}, TOPICS.passes)
    commander.submit(change)
    wait_until(lambda: len(replies) == 1)
    away.clear()
    commander.submit(change)
    wait_until(lambda: len(replies) == 2)
    assert replies[1]["status"] == "done"


def test_a_repeated_pass_change_gets_the_first_answer_and_changes_nothing(serve: Serve) -> None:
    commander, engine, replies = serve(lambda *_: {})
    change = letter({"id": "c2", "revision": 4, "pass": PASS}, TOPICS.passes)
    commander.submit(change)
    commander.submit(change)
    wait_until(lambda: len(replies) == 2)
    assert replies[0] == replies[1]
    assert [op for op, _ in engine.asked] == ["passes.put"]
    assert engine.asked[0][1]["if_revision"] == 4


def test_a_lost_race_for_a_pass_is_told_by_its_code(serve: Serve) -> None:
    def conflict(*_: Any) -> Any:
        raise RevisionConflictError("it is at 5 by now")

    commander, _, replies = serve(conflict)
    commander.submit(letter({"id": "c2", "revision": 4, "pass": PASS}, TOPICS.passes))
    wait_until(lambda: replies)
    assert (replies[0]["status"], replies[0]["reason"]) == ("refused", "revision_conflict")


def test_an_answer_that_makes_no_sense_does_not_end_the_worker(serve: Serve) -> None:
    commander, engine, replies = serve(lambda *_: None)
    commander.submit(letter(command()))
    wait_until(lambda: replies)
    assert replies[0]["reason"] == "error"
    engine.answer = lambda *_: {"id": "x", "status": "done", "reason": ""}
    commander.submit(letter(command(id="c2")))
    wait_until(lambda: len(replies) == 2)
    assert replies[1]["status"] == "done"


@pytest.mark.parametrize(
    ("judged_as", "told"),
    [("command_expired", "expired"), ("clock_unset", "clock_unset"), ("lane_locked", "lane_locked")],
)
def test_whether_a_command_came_too_late_is_the_engines_to_say(serve: Serve, judged_as: str, told: str) -> None:
    """It alone knows whether the clock is sure."""
    answer = {"id": "x", "status": "refused", "reason": judged_as, "detail": ""}
    commander, engine, replies = serve(lambda *_: answer)
    commander.submit(letter(command(expires_at="2020-01-01T00:00:00Z")))
    wait_until(lambda: replies)
    assert (replies[0]["status"], replies[0]["reason"]) == ("refused", told)
    assert engine.asked[0][1]["expires_at"] == "2020-01-01T00:00:00.000Z"


def test_a_repeat_gets_the_first_answer_whatever_the_engine_would_say_by_now(serve: Serve) -> None:
    answers = iter([{"id": "x", "status": "done", "reason": ""}, {"status": "refused", "reason": "command_expired"}])
    commander, engine, replies = serve(lambda *_: next(answers))
    commander.submit(letter(command()))
    commander.submit(letter(command()))
    wait_until(lambda: len(replies) == 2)
    assert replies[0] == replies[1]
    assert len(engine.asked) == 1


def test_what_was_done_is_said_to_be_done_also_when_the_disk_does_not_take_the_answer(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise apsw.FullError("database or disk is full")

    monkeypatch.setattr(Answers, "_write", full)
    commander, engine, replies = serve(lambda *_: {})
    change = letter({"id": "c2", "revision": 4, "pass": PASS}, TOPICS.passes)
    commander.submit(change)
    commander.submit(change)
    wait_until(lambda: len(replies) == 2)
    assert [reply["status"] for reply in replies] == ["done", "done"]
    assert len(engine.asked) == 1


def test_answers_in_memory_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise apsw.FullError("database or disk is full")

    monkeypatch.setattr(Answers, "_write", full)
    Cursors(tmp_path / "uplink.db").close()
    answers = Answers(tmp_path / "uplink.db")
    for number in range(MEMORY_MAX + 10):
        answers.keep(letter(command(id=f"c{number}")).order, Answer(f"c{number}", "done"))
    assert len(answers._unwritten) == MEMORY_MAX
    answers.close()


def test_an_id_used_for_another_command_is_refused(serve: Serve) -> None:
    done = {"id": "x", "status": "done", "reason": ""}
    commander, engine, replies = serve(lambda *_: done)
    commander.submit(letter(command()))
    commander.submit(letter(command(command="close")))
    wait_until(lambda: len(replies) == 2)
    assert replies[1]["reason"] == "idempotency_conflict"
    assert len(engine.asked) == 1


def test_more_orders_than_can_be_carried_out_are_refused_at_once(serve: Serve) -> None:
    commander, engine, replies = serve(lambda *_: {}, start=False)
    for number in range(QUEUE_MAX + 3):
        commander.submit(letter(command(id=f"c{number}")))
    assert [reply["reason"] for reply in replies] == ["busy"] * 3
    assert engine.asked == []


def test_orders_do_not_expire_later_than_they_say() -> None:
    """Milliseconds survive the way to the engine."""
    moment = NOW + timedelta(milliseconds=1500)
    found = letter(command(expires_at=moment.isoformat()))
    assert isinstance(found.order, LaneOrder)
    assert found.order.expires_at == moment


@pytest.mark.parametrize(
    "payload",
    [
        b'{"id": "c-1", "lane": "in", "lane": "out", "command": "open", "reason": "x", "expires_at": "2026-11-21T08Z"}',
        b'{"id": "c-1", "revision": NaN, "delete": "p-1"}',
        b'{"id": "c-1", "revision": 99999999999999999999999, "delete": "p-1"}',
        b'{"id": "c-1", "reason": "\\ud800"}',
        b'{"id": "c-1", "x": ' + b"[" * 1000 + b"]" * 1000 + b"}",
    ],
)
@pytest.mark.parametrize("topic", ["commands", "passes"])
def test_an_order_with_no_meaning_or_two_is_refused(payload: bytes, topic: str) -> None:
    assert reason(payload, topic=getattr(TOPICS, topic)) == "malformed"


# ---- visitors

VISITOR = {"id": "v1", "at": "2026-11-21T08:00:00Z", "plate": "粤B12345", "unit": "4-201", "people": 2}


def test_a_visitor_is_carried_on_as_the_body_of_http_says_it() -> None:
    found = judged({**VISITOR, "from": "2026-11-21T09:00:00Z"}, topic=TOPICS.visits)
    assert isinstance(found, Letter) and isinstance(found.order, VisitOrder)
    assert found.order.visitor == {"plate": "粤B12345", "unit": "4-201", "people": 2, "from": "2026-11-21T09:00:00Z"}
    loaded = judged({**VISITOR, "goods": True, "hazardous": True, "building": "b4"}, topic=TOPICS.visits)
    assert isinstance(loaded, Letter) and isinstance(loaded.order, VisitOrder)
    assert set(loaded.order.visitor) == {"plate", "unit", "people", "goods", "hazardous", "building"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"at": ...}, "at: is missing"),
        ({"people": 0}, "people"),
        ({"holder": "Wang"}, "holder: is not a known key"),
        ({"cancel": "v9"}, "`cancel` stands alone"),
        ({"by": "call 13900000000"}, "digits in a row"),
        ({"left": "v9"}, "`left` stands alone"),
        ({"reason": "a visitor"}, "`reason` is for left"),
        ({"entered_at": "2026-11-21T07:00:00Z"}, "`entered_at` is for came"),
    ],
)
def test_a_visitor_that_cannot_be_read_is_refused(changes: dict[str, Any], words: str) -> None:
    document = {key: value for key, value in {**VISITOR, **changes}.items() if value is not ...}
    refusal = judged(document, topic=TOPICS.visits)
    assert isinstance(refusal, dict)
    assert (refusal["status"], refusal["reason"]) == ("refused", "malformed")
    assert words in refusal["detail"]


def test_a_retained_visitor_is_refused() -> None:
    assert reason(VISITOR, topic=TOPICS.visits, retained=True) == "retained"


def test_a_repeated_announcement_gets_the_first_answer_and_its_visit(serve: Serve) -> None:
    commander, engine, replies = serve(lambda *_: {"id": "visit-1", "state": "expected", "code": "GH1ABC"})
    announced = letter(VISITOR, TOPICS.visits)
    commander.submit(announced)
    commander.submit(announced)
    wait_until(lambda: len(replies) == 2)
    assert replies[0] == replies[1]
    assert replies[0]["visit"] == {"id": "visit-1", "code": "GH1ABC"}
    visitor = {"plate": "粤B12345", "unit": "4-201", "people": 2}
    asked = {"request": "mqtt:v1", "visitor": visitor, "by": "central", "via": "mqtt"}
    assert engine.asked == [("visits.add", asked)]


def test_an_announcement_is_cancelled(serve: Serve) -> None:
    commander, engine, replies = serve(lambda *_: {})
    commander.submit(letter({"id": "v2", "at": "2026-11-21T08:00:00Z", "cancel": "visit-1"}, TOPICS.visits))
    wait_until(lambda: replies)
    assert (replies[0]["status"], "visit" in replies[0]) == ("done", False)
    assert engine.asked == [("visits.cancel", {"visit": "visit-1", "by": "central", "via": "mqtt"})]


# ---- corrections of who is inside

AT = {"id": "k1", "at": "2026-11-21T08:00:00Z"}


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ({"left": "v9"}, {"verb": "left", "visit": "v9"}),
        (
            {"came": "粤B12345", "entered_at": "2026-11-21T07:00:00Z"},
            {"verb": "came", "plate": "粤B12345", "entered_at": "2026-11-21T07:00:00.000Z"},
        ),
        ({"count": 0}, {"verb": "count", "count": 0}),
    ],
)
def test_a_correction_is_carried_on_with_its_reason_and_answered_with_what_it_is_about(
    serve: Serve, said: dict[str, Any], asked: dict[str, Any]
) -> None:
    commander, engine, replies = serve(
        lambda *_: {"id": "x", "status": "done", "reason": "", "detail": "", "visit": "v9"}
    )
    commander.submit(letter({**AT, **said, "reason": "counted", "by": "Chen"}, TOPICS.visits))
    wait_until(lambda: replies)
    assert (replies[0]["status"], replies[0]["visit"]) == ("done", "v9")
    told = {"request": "mqtt:k1", "reason": "counted", "by": "Chen", "via": "mqtt", **asked}
    assert engine.asked == [("visit.command", told)]


def test_a_correction_that_the_engine_refuses_says_why(serve: Serve) -> None:
    refused = {"id": "x", "status": "refused", "reason": "visit_over", "detail": "Lin has ended it", "visit": ""}
    commander, _, replies = serve(lambda *_: refused)
    commander.submit(letter({**AT, "left": "v9", "reason": "counted"}, TOPICS.visits))
    wait_until(lambda: replies)
    assert (replies[0]["status"], replies[0]["reason"], replies[0]["detail"]) == (
        "refused", "visit_over", "Lin has ended it",
    )  # fmt: skip


@pytest.mark.parametrize("said", [{"left": "v9"}, {"count": 3, "reason": " "}, {"left": "v9", "count": 3}])
def test_a_correction_says_one_thing_and_why(said: dict[str, Any]) -> None:
    assert reason({**AT, **said}, topic=TOPICS.visits) == "malformed"


# ---- payments

PAYMENT = {"id": "p1", "at": "2026-11-21T08:00:00Z", "visit": "v1", "amount": 700, "method": "external"}


def test_a_payment_is_carried_on_and_answered_with_what_is_due(serve: Serve) -> None:
    commander, engine, replies = serve(lambda *_: {"paid": 700, "due": 0, "leave_by": "2026-11-21T08:15:00.000Z"})
    paid = letter({**PAYMENT, "reference": "wx-42000012345678"}, TOPICS.payments)
    commander.submit(paid)
    commander.submit(paid)
    wait_until(lambda: len(replies) == 2)
    assert replies[0] == replies[1]
    assert replies[0]["payment"] == {"paid": 700, "due": 0, "leave_by": "2026-11-21T08:15:00.000Z"}
    asked = {
        "request": "mqtt:p1", "visit": "v1", "amount": 700, "method": "external", "reference": "wx-42000012345678",
        "at": "2026-11-21T08:00:00.000Z", "by": "central", "via": "mqtt",
    }  # fmt: skip
    assert engine.asked == [("visits.pay", asked)]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"at": ...}, "at: is missing"),
        ({"amount": 0}, "amount"),
        ({"amount": 7.5}, "amount"),
        ({"method": "gold"}, "method"),
        ({"reference": "call me"}, "reference"),
        ({"visit": "a b"}, "visit"),
        ({"tip": 5}, "tip: is not a known key"),
    ],
)
def test_a_payment_that_cannot_be_read_is_refused(changes: dict[str, Any], words: str) -> None:
    document = {key: value for key, value in {**PAYMENT, **changes}.items() if value is not ...}
    refusal = judged(document, topic=TOPICS.payments)
    assert isinstance(refusal, dict)
    assert (refusal["status"], refusal["reason"]) == ("refused", "malformed")
    assert words in refusal["detail"]


def test_a_retained_payment_is_refused() -> None:
    assert reason(PAYMENT, topic=TOPICS.payments, retained=True) == "retained"


# ---- release slips

SLIP = {"id": "s1", "at": "2026-11-21T08:00:00Z", "unit": "4-201", "goods": "a piano", "plate": "粤B12345"}
CHANGE = {"id": "s2", "at": "2026-11-21T08:00:00Z"}


def test_a_repeated_slip_gets_the_first_answer_with_its_code(serve: Serve) -> None:
    commander, engine, replies = serve(lambda *_: {"slip": "s0-a1b2c3", "code": "A1B2C3"})
    registered = letter({**SLIP, "carrier": "other", "asked_by": "tenant"}, TOPICS.slips)
    commander.submit(registered)
    commander.submit(registered)
    wait_until(lambda: len(replies) == 2)
    assert replies[0] == replies[1]
    assert replies[0]["slip"] == {"id": "s0-a1b2c3", "code": "A1B2C3"}
    slip = {"unit": "4-201", "goods": "a piano", "plate": "粤B12345", "carrier": "other", "asked_by": "tenant"}
    assert engine.asked == [("slips.add", {"request": "mqtt:s1", "slip": slip, "by": "central", "via": "mqtt"})]


@pytest.mark.parametrize(
    ("said", "op", "asked"),
    [
        ({"confirm": "s9", "how": "phone"}, "slips.confirm", {"slip": "s9", "how": "phone"}),
        ({"cancel": "s9", "reason": "moved"}, "slips.cancel", {"slip": "s9", "reason": "moved"}),
        ({"cancel": "s9"}, "slips.cancel", {"slip": "s9", "reason": ""}),
    ],
)
def test_a_slip_is_confirmed_and_cancelled(serve: Serve, said: dict[str, Any], op: str, asked: dict[str, Any]) -> None:
    commander, engine, replies = serve(lambda *_: {})
    commander.submit(letter({**CHANGE, **said, "by": "Chen"}, TOPICS.slips))
    wait_until(lambda: replies)
    assert (replies[0]["status"], "slip" in replies[0]) == ("done", False)
    assert engine.asked == [(op, {**asked, "by": "Chen", "via": "mqtt"})]


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({**SLIP, "at": None}, "at"),
        ({**SLIP, "holder": "Wang"}, "holder: is not a known key"),
        ({**SLIP, "carrier": "me"}, "carrier"),
        ({**SLIP, "asked_by": "Mr Wang"}, "asked_by"),
        ({**SLIP, "goods": "x" * 101}, "goods"),
        ({**SLIP, "cancel": "s9"}, "`cancel` stands alone"),
        ({**SLIP, "reason": "moved"}, "`reason` is for cancel"),
        ({**SLIP, "how": "phone"}, "`confirm` needs `how`"),
        ({**CHANGE, "confirm": "s9"}, "`confirm` needs `how`"),
        ({**CHANGE, "confirm": "s9", "how": "phone", "cancel": "s9"}, "stands alone"),
        ({**CHANGE, "cancel": "s9", "reason": "call 13900000000"}, "digits in a row"),
    ],
)
def test_a_slip_that_cannot_be_read_is_refused(document: dict[str, Any], words: str) -> None:
    refusal = judged(document, topic=TOPICS.slips)
    assert isinstance(refusal, dict)
    assert (refusal["status"], refusal["reason"]) == ("refused", "malformed")
    assert words in refusal["detail"]


def test_a_retained_slip_is_refused() -> None:
    assert reason(SLIP, topic=TOPICS.slips, retained=True) == "retained"
