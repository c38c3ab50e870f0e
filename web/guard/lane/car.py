"""The last car of a lane: who, what was decided, why, and what to say.

A verdict belongs to its car and goes with it. A holder's name shows while it helps to greet, and is masked after that.
"""

from __future__ import annotations

import msgspec

from gateway.core.vocabulary.passes import Pass
from web.guard.lane.greeting import days_to_warn_of, sentence
from web.guard.scene import Facts, Scene, named
from web.words.texts import masked, plate_as_written

FRESH_S = 30
# Beyond this a car that still waits is a parked car, or the loop is stuck.
CASE_MAX_S = 600
CARD_LENGTH = 10
CARD_TAIL = 6
BY_PERSON = frozenset({"operator", "remote", "emergency"})


class Car(msgspec.Struct, frozen=True):
    """`title` is a plate, a holder, a card or words (`title_kind`); `passed` and `say` are "" for nothing."""

    at_ms: int
    time: str
    verdict: str
    word: str
    reason: str
    title: str
    title_kind: str
    who: str
    kind: str
    bay: str
    days: str
    passed: str
    say: str
    say_brief: str
    earlier: bool
    by_hand: bool
    handled: bool


def last_car(scene: Scene, lane: Facts) -> Car | None:
    """The last car of a lane, None before the first."""
    decision = lane.get("last_decision")
    if not decision:
        return None
    said, pass_ = scene.said, scene.pass_of(decision)
    earlier = is_earlier(scene, decision, lane)
    verdict, reason = decision["verdict"], decision["reason"]
    title, title_kind = _title(scene, decision, pass_, earlier)
    return Car(
        at_ms=scene.epoch_ms(decision["at"]),
        time=scene.time(decision["at"]),
        verdict=verdict,
        word=said(f"verdict.{verdict}"),
        reason=_handled(scene, decision) or said.first(f"reason.{reason}", "reason.other", code=reason),
        title=title,
        title_kind=title_kind,
        who=_name(decision, pass_, earlier) if pass_ and pass_.holder and title_kind != "holder" else "",
        kind=_kind(scene, decision, pass_, title_kind),
        bay=_bay(scene, decision, pass_),
        days=_days(scene, decision),
        passed=_passed(scene, decision, lane),
        say=sentence(scene, decision, pass_, lane, earlier),
        say_brief=sentence(scene, decision, pass_, lane, earlier, brief=True),
        earlier=earlier,
        by_hand=reason in BY_PERSON,
        handled=bool(decision.get("handled")),
    )


def is_earlier(scene: Scene, decision: Facts, lane: Facts) -> bool:
    """Whether the car of a decision has gone."""
    if decision.get("before_restart"):
        return True
    if decision.get("present") is not None:
        return not decision["present"]
    age_ms = scene.age_ms(decision["at"])
    if age_ms <= FRESH_S * 1000:
        return False
    waiting = lane.get("approach") is True or lane.get("safety") is True
    return not waiting or passage_after(decision, lane) or age_ms > CASE_MAX_S * 1000


def passage_after(decision: Facts, lane: Facts) -> bool:
    """Whether a vehicle has passed since a decision."""
    passage = lane.get("last_passage")
    return passage is not None and str(passage["at"]) >= str(decision["at"])


def credential_text(scene: Scene, credential: Facts) -> str:
    """What was read, as far as it may be shown: never a PIN or a QR token.

    Of a long number its end, by which tags of one make are told apart.
    """
    if credential.get("kind") in ("pin", "qr"):
        return scene.said(f"credential.{credential['kind']}")
    value = str(credential.get("value", ""))
    return value if len(value) <= CARD_LENGTH else f"…{value[-CARD_TAIL:]}"


def _handled(scene: Scene, decision: Facts) -> str:
    """What a person did with the car, and why; "" while nothing was done."""
    handled = decision.get("handled")
    if not handled:
        return ""
    reason = handled.get("reason") or ""
    why = scene.said.first(f"because.{reason}", "because.words", words=reason)
    keys = f"handled.{handled.get('what')}", "handled.reported"
    return scene.said.first(*keys, by=named(handled.get("by")), why=why)


def _title(scene: Scene, decision: Facts, pass_: Pass | None, earlier: bool) -> tuple[str, str]:
    credential = decision.get("credential") or {}
    if credential.get("kind") == "plate":
        return plate_as_written(credential["value"]), "plate"
    if pass_ and pass_.plates:
        return plate_as_written(pass_.plates[0]), "plate"
    if pass_ and pass_.holder:
        return _name(decision, pass_, earlier), "holder"
    if credential:
        return credential_text(scene, credential), "card"
    by = decision.get("by")
    return scene.said("credential.operator" if by else "credential.none", by=named(by)), "words"


def _kind(scene: Scene, decision: Facts, pass_: Pass | None, title_kind: str) -> str:
    """The kind of pass; of what is not known here, what was read."""
    kind = decision.get("kind") or (pass_.kind.value if pass_ else None)
    if kind:
        return scene.said.first(f"kind.{kind}", "kind.none")
    if title_kind not in ("card", "plate") or (pass_ and pass_.holder):
        return ""
    read = (decision.get("credential") or {}).get("kind")
    return scene.said.first(f"credential.{read}", "credential.card")


def _name(decision: Facts, pass_: Pass, earlier: bool) -> str:
    needed = not earlier and decision["reason"] != "blocked"
    return pass_.holder if needed else masked(pass_.holder)


def _bay(scene: Scene, decision: Facts, pass_: Pass | None) -> str:
    owner = decision.get("bay_of")
    found = scene.lookup(owner) if owner and (pass_ is None or owner != pass_.id) else pass_
    bay = found.bay if found and decision["verdict"] != "denied" else ""
    return scene.said("bay", bay=bay) if bay else ""


def _days(scene: Scene, decision: Facts) -> str:
    days = days_to_warn_of(scene, decision)
    return "" if days is None or decision["verdict"] == "denied" else scene.said.days_left(days)


def _passed(scene: Scene, decision: Facts, lane: Facts) -> str:
    if not passage_after(decision, lane):
        return ""
    passage = lane["last_passage"]
    return scene.said.first(f"passed.{passage['type']}", "passed.entered", time=scene.time(passage["at"]))
