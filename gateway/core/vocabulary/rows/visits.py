"""Visitors: registered at the gate, or announced by the office or central; who they are stands nowhere.

And drivers without a card at an exit: the number of the identity document and the signature stand nowhere in the
journal. `person` and `media` are ids, resolved in `identities.db` until they are deleted there.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import field

from gateway.core.vocabulary.rows.base import (
    UNSET,
    By,
    CaseOrNone,
    GatewayRow,
    LaneId,
    PassKindOrNone,
    PassOrNone,
    Row,
    Shown,
    Station,
    UnsetType,
    Via,
    one_of,
    says,
)


class VisitRow(Row, frozen=True, kw_only=True, gc=False):
    """A row about one visit."""

    subjects: ClassVar[str] = "visits/<visit>"

    visit: Annotated[str, says("id of the visit")]

    def subject(self, _gateway: str, /) -> str:
        return f"visits/{self.visit}"


class VisitTold(VisitRow, frozen=True, kw_only=True, gc=False):
    """What is known of a visitor; it lets in once, by its plate, card or code, between two instants."""

    unit: Annotated[str, says("building and room that is visited")]
    purpose: Annotated[str, says("what for")]
    people: Annotated[int | None, says("how many people, null when not said")]
    plate: Annotated[str | None, says("plate of the vehicle, null without one")]
    card: Annotated[str | None, says("card from the pile, null without one")]
    code: Annotated[str | None, says("name of the QR code, null without one")]
    from_: Annotated[str, says("lets in from then on")] = field(name="from")
    until: Annotated[str, says("lets in until then")]
    vehicle_class: Annotated[str, one_of("kind of the vehicle", "car", "motorcycle", "truck", "bus")]
    building: Annotated[str | UnsetType, says("id of the building that is visited, from the settings")] = UNSET
    goods: Annotated[bool | UnsetType, says("true: it brings or fetches goods")] = UNSET
    by: By
    via: Via
    station: Station
    hazardous: Annotated[bool | UnsetType, says("true: with a hazardous load, which is refused at entries")] = UNSET


class VisitRegistered(VisitTold, frozen=True, kw_only=True, gc=False):
    """A visitor was registered at the gate."""

    type: ClassVar[str] = "visit.registered"


class VisitAnnounced(VisitTold, frozen=True, kw_only=True, gc=False):
    """A visitor was announced by the office, central or another program."""

    type: ClassVar[str] = "visit.announced"


class VisitCorrected(VisitTold, frozen=True, kw_only=True, gc=False):
    """What was said of a visitor has changed; the row has all of it."""

    type: ClassVar[str] = "visit.corrected"


class VisitCancelled(VisitRow, frozen=True, kw_only=True, gc=False):
    """An expected visitor does not come."""

    type: ClassVar[str] = "visit.cancelled"

    by: By
    via: Via
    station: Station


class VisitPrinted(VisitRow, frozen=True, kw_only=True, gc=False):
    """A paper of a visit was printed; one that was printed before is a copy."""

    type: ClassVar[str] = "visit.printed"

    what: Annotated[str, one_of("which paper", "ticket", "receipt")]
    number: Annotated[str | None, says("number of the receipt, null for a ticket")]
    printer: Annotated[str, says("id of the printer")]
    outcome: Annotated[str, one_of("`sent`: the printer took it and tells nothing more", "printed", "sent")]
    by: By
    via: Via
    station: Station


class VisitPictured(VisitRow, frozen=True, kw_only=True, gc=False):
    """The cameras of a lane were asked for a picture of a vehicle without plates; it is found by time and camera."""

    type: ClassVar[str] = "visit.pictured"

    lane: LaneId
    by: By
    via: Via
    station: Station


# ---- no card at the exit

How = Annotated[str, one_of("how the office was asked", "phone", "page")]
SaidBy = Annotated[
    str | None, says("who of the office, the leaders or the control room said so, by sign-in name; null by phone")
]


class PersonRow(Row, frozen=True, kw_only=True, gc=False):
    """A row about a driver without a card."""

    subjects: ClassVar[str] = "persons/<person>"

    visit: Annotated[str | None, says("id of the visit that the car is of, null when none was found")]
    person: Annotated[str, says("id of the person")]

    def subject(self, _gateway: str, /) -> str:
        return f"persons/{self.person}"


class IdentityChecked(PersonRow, frozen=True, kw_only=True, gc=False):
    """The number of an identity document was taken from a driver without a card."""

    type: ClassVar[str] = "identity.checked"

    how: Annotated[str, says("kind of the document: `resident_id`, `driving_licence`, `passport`, `travel_permit`")]
    lane: Annotated[str, says("id of the exit where the car stands")]
    by: By
    via: Via
    station: Station


class IdentityAnswered(PersonRow, frozen=True, kw_only=True, gc=False):
    """What the property office says of a driver without a card."""

    how: How
    said_by: SaidBy
    by: By
    via: Via
    station: Station


class IdentityConfirmed(IdentityAnswered, frozen=True, kw_only=True, gc=False):
    """The property office confirms the driver."""

    type: ClassVar[str] = "identity.confirmed"


class IdentityDeclined(IdentityAnswered, frozen=True, kw_only=True, gc=False):
    """The property office does not confirm the driver."""

    type: ClassVar[str] = "identity.declined"


class IdentitySigned(PersonRow, frozen=True, kw_only=True, gc=False):
    """The driver has signed on the screen."""

    type: ClassVar[str] = "identity.signed"

    media: Annotated[str, says("id of the drawn signature")]
    by: By
    via: Via
    station: Station


class IdentityRevealed(PersonRow, frozen=True, kw_only=True, gc=False):
    """The number and the signature were shown to a person."""

    type: ClassVar[str] = "identity.revealed"

    reason: Annotated[str, says("what for, in words of the person")]
    agreed_by: Annotated[str, says("the leader who agreed by PIN")]
    by: By
    via: Via
    station: Station


class IdentityDeleted(PersonRow, frozen=True, kw_only=True, gc=False):
    """The number and the signature were deleted."""

    type: ClassVar[str] = "identity.deleted"

    days: Annotated[int, says("for how many days they were kept: `gateway.retention.identity_days`")]
    by: By


# ---- money


class MoneyRow(VisitRow, frozen=True, kw_only=True, gc=False):
    """A row about the charge of a visit, in minor units. `entry` names what was done, so that it counts once."""

    entry: Annotated[str, says("name of what was done; it counts once")]
    amount: Annotated[int | None, says("the sum that it is about, null for none")]
    currency: Annotated[str, says("three letters such as CNY")]
    due: Annotated[int, says("what is due behind it")]
    charge: Annotated[int, says("the whole charge at that instant")]
    paid: Annotated[int, says("what was paid in all behind it")]
    until: Annotated[str, says("the instant up to which the charge was worked out, RFC 3339 UTC")]


class VisitPaid(MoneyRow, frozen=True, kw_only=True, gc=False):
    """Money was taken for a visit."""

    type: ClassVar[str] = "visit.paid"

    method: Annotated[str, one_of("how it was paid", "cash", "qr", "external")]
    reference: Annotated[str | None, says("name of the payment where it was taken, null without one")]
    made_at: Annotated[str | UnsetType, says("when it was made, when that is known later")] = UNSET
    by: By
    via: Via
    station: Station


class VisitWaived(MoneyRow, frozen=True, kw_only=True, gc=False):
    """A leader waived what was due, or a part of it."""

    type: ClassVar[str] = "visit.waived"

    reason: Annotated[str, says("why")]
    by: By
    via: Via
    station: Station
    leader: Annotated[str | UnsetType, says("the leader whose word it is, by name")] = UNSET


class VisitOwed(MoneyRow, frozen=True, kw_only=True, gc=False):
    """A car was released at the exit with its sum as owed; it is recalled with the same plate or card."""

    type: ClassVar[str] = "visit.owed"

    lane: LaneId
    case: CaseOrNone
    plate: Annotated[str | None, says("the plate that recalls it, null without one")]
    credential: Shown
    reason: Annotated[str, says("why")]
    leader: Annotated[str | None, says("the leader who agreed, by name; null where none was needed")]
    by: By
    via: Via
    station: Station


class VisitValidated(MoneyRow, frozen=True, kw_only=True, gc=False):
    """A shop or a resident takes over minutes, a percentage or an amount of a charge."""

    type: ClassVar[str] = "visit.validated"

    minutes: Annotated[int | None, says("minutes that are taken over, null for none")]
    percent: Annotated[int | None, says("percentage that is taken over, null for none")]
    reason: Annotated[str, says("why")]
    by: By
    via: Via
    station: Station


class VisitCharged(MoneyRow, frozen=True, kw_only=True, gc=False):
    """A visit that costs something is over; `due` was neither paid nor released as owed."""

    type: ClassVar[str] = "visit.charged"

    lane: LaneId
    reason: Annotated[
        str,
        one_of(
            "how the car left: its charge was settled or 0, else what let it pass unpaid",
            "settled", "free", "fire", "held", "hand", "fob", "opened",
        ),
    ]  # fmt: skip
    by: By


# ---- corrections of who is inside

Why = Annotated[str, says("the reason that the person gave")]


class VisitLeftUnseen(VisitRow, frozen=True, kw_only=True, gc=False):
    """A person says that a car is no longer inside, though it was not seen leaving; it is not charged."""

    type: ClassVar[str] = "visit.left_unseen"

    pass_: PassOrNone = field(name="pass")
    plate: Annotated[str | None, says("plate, null when none was read")]
    entered_at: Annotated[str, says("when it came in")]
    counted: Annotated[bool, says("false: the number of cars inside was set without it since it came, and stays")]
    reason: Why
    by: By
    via: Via
    station: Station


class VisitCameUnseen(VisitRow, frozen=True, kw_only=True, gc=False):
    """A person says that a car is inside, though it was not seen coming; its visit begins."""

    type: ClassVar[str] = "visit.came_unseen"

    pass_: PassOrNone = field(name="pass")
    kind: PassKindOrNone
    plate: Annotated[str | None, says("plate, null for a visitor without one")]
    entered_at: Annotated[str, says("when it came in, as the person says")]
    counted: Annotated[bool, says("false: the number of cars inside was set with it since it came, and stays")]
    reason: Why
    by: By
    via: Via
    station: Station


class VisitsCounted(GatewayRow, frozen=True, kw_only=True, gc=False):
    """A person has counted the cars inside; from now on the number goes on from theirs."""

    type: ClassVar[str] = "visits.counted"

    correction: Annotated[str, says("id of this correction")]
    count: Annotated[int, says("how many cars are inside")]
    before: Annotated[int, says("how many were thought to be inside")]
    reason: Why
    by: By
    via: Via
    station: Station


class VisitsOverstayed(GatewayRow, frozen=True, kw_only=True, gc=False):
    """Once a night: the visits that do not end. `count` is of all of them, `visits` names the oldest."""

    type: ClassVar[str] = "visits.overstayed"

    day: Annotated[str, says("the site's day")]
    count: Annotated[int, says("how many visits have lasted too long")]
    visits: Annotated[tuple[str, ...], says("ids of the oldest of them")]
    inside: Annotated[int, says("how many cars are inside")]
    by: By
