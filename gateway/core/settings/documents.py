"""Barriers and lanes as the site file writes them; their contacts are those that `contacts` declares."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from gateway.core.settings.contacts import CONTACTS, contacts_of
from gateway.core.settings.model import Direction, Point, ServiceLimits, Strict

PointText = str | Point
PulseMs = Annotated[int, Meta(ge=50, le=10_000, description="length of a pulse, at most 10 s")]


class DeviceKeys(Strict, frozen=True):
    """The keys of a device that are no options of its driver."""

    id: Annotated[str, Meta(description="the device's id; points of lanes begin with it")]
    driver: Annotated[str, Meta(description="the name of its [driver](#drivers), whose options follow")]
    name: Annotated[str, Meta(description="for people", extra={"default": "empty"})] = ""


class BarrierKeys(Strict, frozen=True, kw_only=True):
    """The keys of a barrier that are no contacts."""

    id: Annotated[str, Meta(description="required in `barriers[]`", extra={"default": "the lane's"})] | None = None
    open: Annotated[PointText, Meta(description="output", extra={"of": "outputs"})]
    close: Annotated[PointText, Meta(description="output", extra={"of": "outputs"})] | None = None
    stop: Annotated[PointText, Meta(description="output", extra={"of": "outputs"})] | None = None
    control: Annotated[
        Literal["pulse", "hold", "step"],
        Meta(
            description="`pulse` (separate buttons), `hold` (open while held; letting go closes, `close` is not used),"
            " `step` (one button: pressed only while the arm is closed; the controller or a person at it closes)"
        ),
    ] = "pulse"
    close_by: Annotated[
        Literal["gateway", "barrier", "guard"], Meta(description="who closes: `gateway`, `barrier` or `guard`")
    ] = "gateway"
    external_open: Annotated[
        Literal["expected", "forced"],
        Meta(description="how an uncommanded opening counts: `expected` (fobs) or `forced`"),
    ] = "forced"
    safety: Annotated[
        Literal["gateway", "controller"],
        Meta(description="who watches the safety loop on closing: `gateway` or the `controller`"),
    ] = "gateway"
    pulse_ms: PulseMs = 500
    travel_time_ms: Annotated[
        int, Meta(ge=300, le=60_000, description="time for a full movement, until it is learned")
    ] = 3000
    auto_close_ms: Annotated[
        int, Meta(ge=0, le=600_000, description="close so long after the safety loop has cleared")
    ] = 1500
    grant_ms: Annotated[int, Meta(ge=1_000, le=600_000, description="how long a grant waits for its vehicle")] = 20000
    max_cycles_per_h: (
        Annotated[
            int,
            Meta(
                ge=1,
                le=10_000,
                description="the controller's limit; passed, it is a notice and never keeps an arm closed",
                extra={"unit": "per h"},
            ),
        ]
        | None
    ) = None
    service_limits: Annotated[
        ServiceLimits, Meta(description="when a barrier is due for service, below", extra={"default": "none"})
    ] = ServiceLimits()


class LightsDocument(Strict, frozen=True):
    """`lanes[].lights` as written in the site file."""

    red: Annotated[PointText, Meta(description="output: the red lamp", extra={"of": "outputs"})] | None = None
    green: Annotated[PointText, Meta(description="output: the green lamp", extra={"of": "outputs"})] | None = None


class SignalsDocument(Strict, frozen=True):
    """`lanes[].signals` as written in the site file."""

    granted: (
        Annotated[PointText, Meta(description="output: lamp or buzzer at a grant", extra={"of": "outputs"})] | None
    ) = None
    denied: (
        Annotated[
            PointText,
            Meta(description="output: lamp or buzzer at a denial and a referral", extra={"of": "outputs"}),
        ]
        | None
    ) = None
    pulse_ms: PulseMs = 300


class LaneKeys(Strict, frozen=True, kw_only=True):
    """The keys of a lane that are no contacts; `barrier` is inline, or the id of one in `barriers`."""

    id: Annotated[str, Meta(description="the lane's id, in every event as `lane`")]
    name: Annotated[str, Meta(description="for people", extra={"default": "the id"})] = ""
    direction: Annotated[Direction, Meta(description="`entry` or `exit`")]
    readers: Annotated[
        tuple[str, ...],
        Meta(
            description="ids of the readers. A reader of several lanes, such as a desk reader, reads for the lane whose"
            " approach loop is occupied, else for the lane chosen on the booth's screen, else the car is referred"
            " (`lane_unclear`); `gatehouse check` lists these readers",
            extra={"of": "readers"},
        ),
    ] = ()
    barrier: Annotated[
        dict[str, Any] | str, Meta(description="a barrier written inline, or the `id` of one in `barriers`")
    ]
    siren: (
        Annotated[PointText, Meta(description="output that sounds after a crash", extra={"of": "outputs"})] | None
    ) = None
    cameras: Annotated[tuple[str, ...], Meta(description="ids of devices", extra={"of": "cameras"})] = ()
    displays: Annotated[
        tuple[str, ...],
        Meta(
            description="ids of devices that show what was decided; readers that can show do so by themselves",
            extra={"of": "displays"},
        ),
    ] = ()
    printer: (
        Annotated[
            str,
            Meta(
                description="id of the device that prints receipts and tickets for this lane, where the booth's screen"
                " has no `printer` of its own",
                extra={"of": "printers"},
            ),
        ]
        | None
    ) = None
    lights: Annotated[
        LightsDocument,
        Meta(
            description="the lane's traffic light: outputs `red` and `green`, below",
            extra={"default": "none"},
        ),
    ] = LightsDocument()
    signals: Annotated[
        SignalsDocument,
        Meta(
            description="a reader's own lamp or buzzer: outputs `granted` and `denied`, and `pulse_ms` (300)",
            extra={"default": "none"},
        ),
    ] = SignalsDocument()
    two_factor: Annotated[
        bool,
        Meta(
            description="card and plate of one pass are needed within 10 s. One alone opens nothing; two that do not"
            " belong together are referred; neither counts again for the next car"
        ),
    ] = False
    free_flow: Annotated[
        str,
        Meta(
            description="weekly windows (`mon-fri 07:30-09:00`) in which the lane is held open; reads and crossings are"
            " recorded",
            extra={"default": "empty"},
        ),
    ] = ""


def with_contacts(name: str, keys: type[Strict], owner: Literal["barrier", "lane"]) -> Any:
    """The struct of a barrier or a lane in the site file: its keys and its contacts."""
    fields = [(contact, _contact_type(contact), None) for contact in contacts_of(owner)]
    return msgspec.defstruct(
        name, fields, bases=(keys,), module=__name__, frozen=True, forbid_unknown_fields=True, kw_only=True
    )


def _contact_type(name: str) -> Any:
    """The type of a contact's key, with its meaning."""
    kind = PointText | list[PointText] if CONTACTS[name].several else PointText
    return Annotated[kind, Meta(description=f"input: {CONTACTS[name].meaning}", extra={"of": "inputs"})] | None


BarrierDocument = with_contacts("BarrierDocument", BarrierKeys, "barrier")
LaneDocument = with_contacts("LaneDocument", LaneKeys, "lane")
