"""The last car of a lane: who, what was decided, why, and what to say.

A verdict belongs to its car and goes with it. A holder's name shows while it helps to greet, and is masked after that.
"""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from gateway.core.vocabulary.passes import Pass
from gateway.core.vocabulary.rows import Credential
from gateway.core.vocabulary.views import LaneView, LastDecision
from web.guard.lane.greeting import days_to_warn_of
from web.guard.pay.model import debts_of, owes
from web.guard.scene import Scene, named
from web.words.texts import masked, plate_as_written

CARD_LENGTH = 10
CARD_TAIL = 6
BY_PERSON = frozenset({"operator", "remote", "emergency"})


class Car(msgspec.Struct, frozen=True):
    """`title` is a plate, a holder, a card or words (`title_kind`); `passed` is "" for nothing."""

    at_ms: int
    verdict: str
    word: str
    reason: str
    title: str
    title_kind: str
    who: str
    kind: str
    bay: str
    days: str
    owes: str
    passed: str
    earlier: bool
    by_hand: bool
    handled: bool


def last_car(scene: Scene, lane: LaneView, pass_: Pass | None) -> Car | None:
    """The last car of a lane, None before the first; `pass_` is that of its decision."""
    decision = lane.last_decision
    if decision is None:
        return None
    said, earlier = scene.said, decision.before_restart is True or not decision.present
    verdict, reason = decision.verdict, decision.reason
    title, title_kind = _title(scene, decision, pass_, earlier)
    return Car(
        at_ms=scene.epoch_ms(decision.at),
        verdict=verdict,
        word=said(f"verdict.{verdict}"),
        reason=_handled(scene, decision) or said.first(f"reason.{reason}", "reason.other", code=reason),
        title=title,
        title_kind=title_kind,
        who=_name(decision, pass_, earlier) if pass_ and pass_.holder and title_kind != "holder" else "",
        kind=_kind(scene, decision, pass_, title_kind),
        bay=said("bay", bay=pass_.bay) if pass_ and pass_.bay and verdict != "denied" else "",
        days=_days(scene, decision),
        owes="" if earlier else owes(scene, debts_of(decision)),
        passed=_passed(scene, decision, lane),
        earlier=earlier,
        by_hand=reason in BY_PERSON,
        handled=decision.handled is not UNSET,
    )


def credential_text(scene: Scene, credential: Credential) -> str:
    """What was read, as far as it may be shown: never a PIN or a QR token.

    Of a long number its end, by which tags of one make are told apart.
    """
    if credential.kind in ("pin", "qr"):
        return scene.said(f"credential.{credential.kind}")
    value = credential.value
    return value if len(value) <= CARD_LENGTH else f"…{value[-CARD_TAIL:]}"


def _handled(scene: Scene, decision: LastDecision) -> str:
    """What a person did with the car, and why; "" while nothing was done."""
    handled = decision.handled
    if handled is UNSET:
        return ""
    reason = handled.reason or ""
    why = scene.said.first(f"because.{reason}", "because.words", words=reason)
    return scene.said.first(f"handled.{handled.what}", "handled.reported", by=named(handled.by), why=why)


def _title(scene: Scene, decision: LastDecision, pass_: Pass | None, earlier: bool) -> tuple[str, str]:
    credential, by = decision.credential, decision.by
    if credential and credential.kind == "plate":
        return plate_as_written(credential.value), "plate"
    if pass_ and pass_.plates:
        return plate_as_written(pass_.plates[0]), "plate"
    if pass_ and pass_.holder:
        return _name(decision, pass_, earlier), "holder"
    if credential:
        return credential_text(scene, credential), "card"
    return scene.said("credential.operator" if by else "credential.none", by=named(by)), "words"


def _kind(scene: Scene, decision: LastDecision, pass_: Pass | None, title_kind: str) -> str:
    """The kind of pass; of what is not known here, what was read."""
    kind = decision.kind or (pass_.kind.value if pass_ else None)
    if kind:
        return scene.said.first(f"kind.{kind}", "kind.none")
    if title_kind not in ("card", "plate") or (pass_ and pass_.holder):
        return ""
    read = decision.credential.kind if decision.credential else None
    return scene.said.first(f"credential.{read}", "credential.card")


def _name(decision: LastDecision, pass_: Pass, earlier: bool) -> str:
    needed = not earlier and decision.reason != "blocked"
    return pass_.holder if needed else masked(pass_.holder)


def _days(scene: Scene, decision: LastDecision) -> str:
    days = days_to_warn_of(scene, decision)
    return "" if days is None or decision.verdict == "denied" else scene.said.days_left(days)


def _passed(scene: Scene, decision: LastDecision, lane: LaneView) -> str:
    passage = lane.last_passage
    if passage is None or passage.at < decision.at:
        return ""
    return scene.said.first(f"passed.{passage.type}", "passed.entered", time=scene.time(passage.at))
