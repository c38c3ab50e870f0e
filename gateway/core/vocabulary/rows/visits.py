"""Visitors: registered at the gate, or announced by the office or central; who they are stands nowhere."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import field

from gateway.core.vocabulary.rows.base import By, Row, Station, Via, one_of, says


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
    by: By
    via: Via
    station: Station


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
