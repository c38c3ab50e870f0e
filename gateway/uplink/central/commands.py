"""Central's orders over MQTT: their form, and the refusal of a malformed one.

Pure: bytes in, an order or an answer out. The engine checks lane, repeats and expiry (only the engine knows whether the
clock is sure). Unknown keys are refused: a misspelt key that was meant to hold a gate back must not be ignored.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from gateway.control.outside import read_strictly
from gateway.core.charges.tariff import PRICE_MAX
from gateway.core.lane.modes.hold_end import HoldEnd
from gateway.core.people.texts import TEXT_MAX, wrong_text
from gateway.core.settings.explain import explain
from gateway.core.vocabulary.errors import RequestError
from gateway.core.vocabulary.passes import Pass
from gateway.core.vocabulary.times import LAST_YEAR, YEARS
from gateway.store.times import text_of
from gateway.uplink.mqtt.messages import Incoming, Outgoing, Topics

COMMAND_BYTES = 4096
PASS_BYTES = 65_536
_ID = r"^[A-Za-z0-9_-]{1,64}\Z"
_PRINTABLE = r"^[ -~]+\Z"
Id = Annotated[str, msgspec.Meta(pattern=_ID)]
EventId = Annotated[str, msgspec.Meta(pattern=_PRINTABLE, max_length=100)]
Name = Annotated[str, msgspec.Meta(max_length=TEXT_MAX)]
_Fit = TypeVar("_Fit")
Revision = Annotated[int, msgspec.Meta(ge=0)]


class LaneOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A command to a lane, as sent on `/commands`. `detail` only with `hold`; `passed` requires `by`.

    `identity_checked`: how the caller was identified (a bool from earlier versions). `case`: the car that the command
    is for.
    """

    id: Id
    lane: Id
    command: Literal[
        "open", "close", "stop", "hold", "release", "lock", "unlock", "reset", "passed", "refuse", "seen_to",
        "emergency", "look", "owe",
    ]  # fmt: skip
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=TEXT_MAX)]
    expires_at: Annotated[datetime, msgspec.Meta(tz=True, description="At most an hour ahead of the gateway's clock")]
    by: Name = ""
    identity_checked: bool | Literal["number_on_file", "camera", "post", "none"] = False
    case: Id | Literal[""] = ""
    detail: HoldEnd | msgspec.UnsetType = msgspec.UNSET


class PassOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A change of one pass, as sent on `/passes`: a `pass` to store or the id of one to `delete`.

    `revision` is the one that the sender saw last: 0 for a new pass, null to overwrite any. It may be in the pass
    instead.
    """

    id: Id
    revision: Revision | msgspec.UnsetType | None = msgspec.UNSET
    put: dict[str, Any] | None = msgspec.field(default=None, name="pass")
    delete: Id | None = None
    by: Name = ""


class VisitOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """A visitor, as sent on `/visits`: announced with what the body of `POST /visits` says, or `cancel` with its id.

    Or a correction with its `reason`: `left` with the id of a visit whose car has left unseen, `came` with the plate of
    a car that is inside (since `entered_at`), `count` with the number of cars inside. `at`: when central made it.
    """

    id: Id
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    by: Name = ""
    cancel: Id | None = None
    left: Id | None = None
    came: Annotated[str, msgspec.Meta(min_length=1, max_length=TEXT_MAX)] | None = None
    count: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] | None = None
    entered_at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    reason: Name = ""
    plate: Name | msgspec.UnsetType | None = msgspec.UNSET
    card: Name | msgspec.UnsetType | None = msgspec.UNSET
    unit: Name | msgspec.UnsetType = msgspec.UNSET
    purpose: Name | msgspec.UnsetType = msgspec.UNSET
    people: Annotated[int, msgspec.Meta(ge=1, le=200)] | msgspec.UnsetType | None = msgspec.UNSET
    from_: Annotated[str, msgspec.Meta(max_length=40)] | msgspec.UnsetType | None = msgspec.UNSET
    until: Annotated[str, msgspec.Meta(max_length=40)] | msgspec.UnsetType | None = msgspec.UNSET
    vehicle_class: Literal["car", "motorcycle", "truck", "bus"] | msgspec.UnsetType = msgspec.UNSET
    building: Name | msgspec.UnsetType | None = msgspec.UNSET
    goods: bool | msgspec.UnsetType = msgspec.UNSET
    hazardous: bool | msgspec.UnsetType = msgspec.UNSET

    @property
    def visitor(self) -> dict[str, Any]:
        """What is said of the visitor, as the engine takes it."""
        told: dict[str, Any] = msgspec.to_builtins(self)
        return {key: value for key, value in told.items() if key not in _NOT_OF_A_VISITOR}

    @property
    def correction(self) -> dict[str, Any]:
        """A correction of who is inside, as the engine takes it; empty for another order."""
        entered = text_of(self.entered_at) if self.entered_at is not None else None
        if self.left is not None:
            return {"verb": "left", "visit": self.left}
        if self.came is not None:
            return {"verb": "came", "plate": self.came, "entered_at": entered}
        return {"verb": "count", "count": self.count} if self.count is not None else {}


_ALONE = ("cancel", "left", "came", "count")
_NOT_OF_A_VISITOR = ("id", "at", "by", "entered_at", "reason", *_ALONE)


class PaymentOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A payment, as sent on `/payments`: with the body of `POST /visits/{id}/payments` for a `visit`.

    `at`: when it was made; one that was made more than 60 s before is booked and opens nothing.
    """

    id: Id
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    visit: Id
    amount: Annotated[int, msgspec.Meta(ge=1, le=PRICE_MAX)]
    method: Literal["cash", "qr", "external"]
    reference: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.:/-]*\Z", max_length=100)] = ""
    by: Name = ""


class SlipOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A release slip, as sent on `/slips`: registered with what the body of `POST /slips` says.

    Or `confirm` with the id of a slip and `how` its owner has agreed that another carries the goods; or `cancel` with
    the id, and a `reason` as needed. `at`: when central made it.
    """

    id: Id
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    by: Name = ""
    confirm: Id | None = None
    how: Literal["phone", "in_person", "in_writing"] | None = None
    cancel: Id | None = None
    reason: Name = ""
    unit: Name | msgspec.UnsetType = msgspec.UNSET
    goods: Name | msgspec.UnsetType = msgspec.UNSET
    plate: Name | msgspec.UnsetType | None = msgspec.UNSET
    until: Annotated[str, msgspec.Meta(max_length=40)] | msgspec.UnsetType | None = msgspec.UNSET
    carrier: Literal["owner", "other"] | msgspec.UnsetType = msgspec.UNSET
    confirmed: bool | msgspec.UnsetType = msgspec.UNSET
    asked_by: Literal["owner", "tenant", "family", "firm", "office"] | msgspec.UnsetType | None = msgspec.UNSET

    @property
    def slip(self) -> dict[str, Any]:
        """What is said of the slip, as the engine takes it."""
        told: dict[str, Any] = msgspec.to_builtins(self)
        return {key: value for key, value in told.items() if key not in _NOT_OF_A_SLIP}


_NOT_OF_A_SLIP = ("id", "at", "by", "confirm", "how", "cancel", "reason")


class Confirmation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The last event that a consumer has stored, on `/confirmed`: its id and the SHA-256 of its text, in hex."""

    consumer: Id
    id: EventId
    head: Annotated[str, msgspec.Meta(pattern=_PRINTABLE, max_length=200)]


class _Named(msgspec.Struct):
    id: Id


class _NamedEvent(msgspec.Struct):
    id: EventId


Answered = LaneOrder | PassOrder | VisitOrder | PaymentOrder | SlipOrder
"""Orders whose first answer is kept."""
Order = Answered | Confirmation


class Announced(msgspec.Struct, frozen=True):
    """A visitor who is expected now: the visit's id, and what its QR code holds."""

    id: str
    code: str


class Released(msgspec.Struct, frozen=True):
    """A release slip that is registered: its id, and the code that is printed on it."""

    id: str
    code: str


class Booked(msgspec.Struct, frozen=True):
    """What was paid for a visit, what is due behind it, and until when its car may leave by that."""

    paid: int
    due: int
    leave_by: str | None


class Answer(msgspec.Struct, frozen=True):
    """The answer to an order; `status` is `done` or `refused`, `detail` is text for people.

    `head`: the signed head of a confirmed row. `visit`: of a visitor who was announced; the id alone of a visit that
    was corrected. `payment`: of one that counts. `slip`: of one that was registered.
    """

    id: str | None
    status: str
    reason: str = ""
    detail: str = ""
    head: str | msgspec.UnsetType = msgspec.UNSET
    visit: Announced | str | msgspec.UnsetType = msgspec.UNSET
    payment: Booked | msgspec.UnsetType = msgspec.UNSET
    slip: Released | msgspec.UnsetType = msgspec.UNSET


class Letter(msgspec.Struct, frozen=True):
    """An order with the topic and correlation data for its answer."""

    order: Order
    response_topic: str
    correlation: bytes | None
    number: int = 0


def read(message: Incoming, topics: Topics) -> Letter | Outgoing | None:
    """An order, or the answer that refuses it; None for a malformed one without id and response topic."""
    order = _order(message, topics)
    back = response_topic(message, topics)
    if isinstance(order, Answer):
        if order.id is None and not message.response_topic:
            return None
        return outgoing(order, back, message.correlation, message.number)
    return Letter(order, back, message.correlation, message.number)


def outgoing(answer: Answer, topic: str, correlation: bytes | None, number: int = 0) -> Outgoing:
    """The answer to the message of that number, as a message."""
    return Outgoing(topic, msgspec.json.encode(answer), correlation=correlation, answers=number)


def response_topic(message: Incoming, topics: Topics) -> str:
    """The topic of the answer: the sender's, unless it is one of the gateway's own topics."""
    wished = message.response_topic
    ours = wished == topics.prefix or wished.startswith(f"{topics.prefix}/")
    if not wished or wished.startswith("$") or set(wished) & set("+#\0"):
        return topics.replies
    if ours and not wished.startswith(f"{topics.replies}/"):
        return topics.replies
    return wished


def _order(message: Incoming, topics: Topics) -> Order | Answer:
    bound = PASS_BYTES if message.topic == topics.passes else COMMAND_BYTES
    if len(message.payload) > bound:
        return Answer(_salvaged_id(message, topics), "refused", "malformed", f"more than {bound} bytes")
    try:
        order = _decode(message, topics)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Answer(_salvaged_id(message, topics), "refused", "malformed", str(error))
    if message.retained:
        return Answer(order.id, "refused", "retained", "send commands without the retain flag")
    return order


def _decode(message: Incoming, topics: Topics) -> Order:
    if message.topic == topics.confirmed:
        return _fit(msgspec.json.decode(message.payload), Confirmation)
    if message.topic == topics.commands:
        return _whole(_plain(_fit(_document(message.payload), LaneOrder), "by", "reason"))
    if message.topic == topics.visits:
        return _visit(_plain(_fit(_document(message.payload), VisitOrder), "by", "reason"))
    if message.topic == topics.payments:
        return _plain(_fit(_document(message.payload), PaymentOrder), "by")
    if message.topic == topics.slips:
        return _slip(_plain(_fit(_document(message.payload), SlipOrder), "by", "reason"))
    order = _plain(_fit(_document(message.payload), PassOrder), "by")
    if (order.put is None) == (order.delete is None):
        raise msgspec.ValidationError("give either `pass` or `delete`")
    if order.put is None:
        return _with_revision(order, order.revision)
    return _with_revision(order, _fit(order.put, Pass, "pass").revision)


def _visit(order: VisitOrder) -> VisitOrder:
    said = [name for name in _ALONE if getattr(order, name) is not None]
    if said and (order.visitor or len(said) > 1):
        raise msgspec.ValidationError(f"`{said[0]}` stands alone, beside `id`, `at`, `by` and its reason")
    if order.correction and not order.reason.strip():
        raise msgspec.ValidationError(f"reason: is empty; say in a few words why ({said[0]})")
    if not order.correction and order.reason:
        raise msgspec.ValidationError("`reason` is for left, came and count")
    if order.entered_at is not None and order.came is None:
        raise msgspec.ValidationError("`entered_at` is for came")
    return order


def _slip(order: SlipOrder) -> SlipOrder:
    said = [name for name in ("confirm", "cancel") if getattr(order, name) is not None]
    if said and (order.slip or len(said) > 1):
        raise msgspec.ValidationError(f"`{said[0]}` stands alone, beside `id`, `at`, `by` and what belongs to it")
    if (order.how is not None) != (order.confirm is not None):
        raise msgspec.ValidationError("`confirm` needs `how` the owner has agreed, and nothing else has it")
    if order.reason and order.cancel is None:
        raise msgspec.ValidationError("`reason` is for cancel")
    return order


def _document(payload: bytes) -> Any:
    try:
        return read_strictly(payload)
    except RequestError as error:
        raise msgspec.ValidationError(str(error)) from None


def _fit(document: Any, kind: type[_Fit], at: str = "") -> _Fit:
    """The document as that struct; ValidationError with place, value and remedy."""
    try:
        return msgspec.convert(document, kind)
    except msgspec.ValidationError as error:
        place, words = explain(error, document, kind)
        raise msgspec.ValidationError(f"{(at + place).removeprefix('.') or 'the message'}: {words}") from None


def _plain(order: _Fit, *names: str) -> _Fit:
    """The order; ValidationError if a free text of it may not be journaled."""
    for name in names:
        if wrong := wrong_text(getattr(order, name)):
            raise msgspec.ValidationError(f"{name}: {wrong}")
    return order


def _whole(order: LaneOrder) -> LaneOrder:
    if order.expires_at.year > LAST_YEAR:
        raise msgspec.ValidationError(
            f"expires_at: is in the year {order.expires_at.year}; give a time such as 2026-11-30T08:00:00Z, {YEARS}"
        )
    if order.detail is not msgspec.UNSET and order.command != "hold":
        raise msgspec.ValidationError("`detail` is for hold")
    if order.identity_checked and order.command not in ("open", "owe"):
        raise msgspec.ValidationError("`identity_checked` is for open and owe")
    if not order.reason.strip():
        raise msgspec.ValidationError("reason: is empty; say in a few words why")
    if order.command == "passed" and not order.by.strip():
        raise msgspec.ValidationError("passed needs `by`: who let the vehicle through")
    return order


def _with_revision(order: PassOrder, inside: int | msgspec.UnsetType | None) -> PassOrder:
    if order.revision is not msgspec.UNSET:
        return order
    if order.put is None or "revision" not in order.put:
        raise msgspec.ValidationError("revision: is missing; give the one last seen, 0 for a new pass, or null")
    return msgspec.structs.replace(order, revision=inside)


def _salvaged_id(message: Incoming, topics: Topics) -> str | None:
    """The id in a malformed message, for the refusal; all else in it is skipped, not kept."""
    kind: type[_Named | _NamedEvent] = _NamedEvent if message.topic == topics.confirmed else _Named
    try:
        return msgspec.json.decode(message.payload, type=kind).id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
