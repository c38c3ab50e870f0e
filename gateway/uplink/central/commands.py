"""What central may ask over MQTT, and the first word on it: well-formed, or refused.

Pure: bytes in, an order or an answer out. The engine judges the rest (lane, repeats, and expiry, since it alone knows
whether the clock is sure); what is refused here never reaches it. Unknown keys are refused too: a key that was meant to
hold a gate back must not be overlooked.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from gateway.core.lane.modes.hold_end import HoldEnd
from gateway.core.settings.explain import explain
from gateway.core.vocabulary.passes import Pass
from gateway.core.vocabulary.times import LAST_YEAR, YEARS
from gateway.uplink.mqtt.messages import Incoming, Outgoing, Topics

COMMAND_BYTES = 4096
PASS_BYTES = 65_536
_ID = r"^[A-Za-z0-9_-]{1,64}\Z"
Id = Annotated[str, msgspec.Meta(pattern=_ID)]
Name = Annotated[str, msgspec.Meta(max_length=100)]
_Fit = TypeVar("_Fit")
Revision = Annotated[int, msgspec.Meta(ge=0)]


class LaneOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A command to a lane, as it stands on `/commands`; `detail` only with `hold`, `by` a must with `passed`.

    `identity_checked`: how, or as earlier versions said it, whether whoever asked was known. `case`: the car in front
    of the lane that it is about.
    """

    id: Id
    lane: Id
    command: Literal[
        "open", "close", "stop", "hold", "release", "lock", "unlock", "reset", "passed", "refuse", "seen_to",
        "emergency", "look",
    ]  # fmt: skip
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    expires_at: Annotated[datetime, msgspec.Meta(tz=True)]
    by: Name = ""
    identity_checked: bool | Literal["number_on_file", "camera", "post", "none"] = False
    case: Id | Literal[""] = ""
    detail: HoldEnd | msgspec.UnsetType = msgspec.UNSET


class PassOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A change of one pass, as it stands on `/passes`: a `pass` to store or the id of one to `delete`.

    `revision` is the one that the sender last saw: 0 for a pass that must not exist yet, null to go over whatever is
    there; it may stand in the pass instead.
    """

    id: Id
    revision: Revision | msgspec.UnsetType | None = msgspec.UNSET
    put: dict[str, Any] | None = msgspec.field(default=None, name="pass")
    delete: Id | None = None
    by: Name = ""


class Answer(msgspec.Struct, frozen=True):
    """What the sender gets back; `status` is `done` or `refused`, `detail` is for people."""

    id: str | None
    status: str
    reason: str = ""
    detail: str = ""


class Letter(msgspec.Struct, frozen=True):
    """An order with the way back to whoever sent it."""

    order: LaneOrder | PassOrder
    response_topic: str
    correlation: bytes | None


def read(message: Incoming, topics: Topics) -> Letter | Outgoing | None:
    """An order to carry out, or the answer that refuses it, or None where nobody could be answered."""
    order = _order(message, topics)
    back = response_topic(message, topics)
    if isinstance(order, Answer):
        if order.id is None and not message.response_topic:
            return None
        return outgoing(order, back, message.correlation)
    return Letter(order, back, message.correlation)


def outgoing(answer: Answer, topic: str, correlation: bytes | None) -> Outgoing:
    """An answer as a message."""
    return Outgoing(topic, msgspec.json.encode(answer), correlation=correlation)


def response_topic(message: Incoming, topics: Topics) -> str:
    """Where the answer goes: the sender's topic, unless it would be mistaken for something that we say or hear."""
    wished = message.response_topic
    ours = wished == topics.prefix or wished.startswith(f"{topics.prefix}/")
    if not wished or wished.startswith("$") or set(wished) & set("+#\0"):
        return topics.replies
    if ours and not wished.startswith(f"{topics.replies}/"):
        return topics.replies
    return wished


def _order(message: Incoming, topics: Topics) -> LaneOrder | PassOrder | Answer:
    bound = COMMAND_BYTES if message.topic == topics.commands else PASS_BYTES
    if len(message.payload) > bound:
        return Answer(None, "refused", "malformed", f"more than {bound} bytes")
    try:
        order = _decode(message, topics)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Answer(_salvaged_id(message.payload), "refused", "malformed", str(error))
    if message.retained:
        return Answer(order.id, "refused", "retained", "send commands without the retain flag")
    return order


def _decode(message: Incoming, topics: Topics) -> LaneOrder | PassOrder:
    if message.topic == topics.commands:
        return _whole(_fit(msgspec.json.decode(message.payload), LaneOrder))
    order = _fit(msgspec.json.decode(message.payload), PassOrder)
    if (order.put is None) == (order.delete is None):
        raise msgspec.ValidationError("give either `pass` or `delete`")
    if order.put is None:
        return _with_revision(order, order.revision)
    return _with_revision(order, _fit(order.put, Pass, "pass").revision)


def _fit(document: Any, kind: type[_Fit], at: str = "") -> _Fit:
    """The document as that struct; ValidationError with place, value and remedy."""
    try:
        return msgspec.convert(document, kind)
    except msgspec.ValidationError as error:
        place, words = explain(error, document, kind)
        raise msgspec.ValidationError(f"{(at + place).removeprefix('.') or 'the message'}: {words}") from None


def _whole(order: LaneOrder) -> LaneOrder:
    if order.expires_at.year > LAST_YEAR:
        raise msgspec.ValidationError(
            f"expires_at: is in the year {order.expires_at.year}; give a time such as 2026-11-30T08:00:00Z, {YEARS}"
        )
    if order.detail is not msgspec.UNSET and order.command != "hold":
        raise msgspec.ValidationError("`detail` is for hold")
    if order.command == "passed" and not order.by.strip():
        raise msgspec.ValidationError("passed needs `by`: who let the vehicle through")
    return order


def _with_revision(order: PassOrder, inside: int | msgspec.UnsetType | None) -> PassOrder:
    if order.revision is not msgspec.UNSET:
        return order
    if order.put is None or "revision" not in order.put:
        raise msgspec.ValidationError("revision: is missing; give the one last seen, 0 for a new pass, or null")
    return msgspec.structs.replace(order, revision=inside)


def _salvaged_id(payload: bytes) -> str | None:
    """The id of a message that is wrong otherwise, so that its sender can be told."""
    try:
        document: Any = msgspec.json.decode(payload)
        found: Any = document.get("id") if isinstance(document, dict) else None
        return msgspec.convert(found, Id)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
