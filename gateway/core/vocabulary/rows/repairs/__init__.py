"""The life of a repair order. Each row holds the order as it is after the change, and what was said with it."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from gateway.core.vocabulary.rows.base import UNSET, By, Row, UnsetType, one_of, says

STATES = ("open", "assigned", "on_site", "reported", "confirmed")
URGENCIES = ("urgent", "normal", "planned")
KINDS = (
    "device_lost", "controller_fault", "video_lost", "stuck", "obstructed", "not_followed", "crash", "struck_vehicle",
    "forced", "false_alarm", "service", "finding",
)  # fmt: skip


class LimitChange(msgspec.Struct, frozen=True, gc=False):
    """A limit that was changed while the order was open."""

    what: Annotated[str, says("the limit, by its path below the barrier in the site file")]
    before: Annotated[int | None, says("its value when the order was opened, null for no limit")]
    after: Annotated[int | None, says("its value now, null for no limit")]
    acknowledged_by: Annotated[str | None, says("who of the control room acknowledged it, null before that")] = None


RepairId = Annotated[str, says("id of the repair order")]
RepairKind = Annotated[str, one_of("what opened it", *KINDS)]
Urgency = Annotated[str, one_of("its urgency class", *URGENCIES)]
RepairState = Annotated[str, one_of("how far it is", *STATES)]
AboutLane = Annotated[str | None, says("id of the lane, null when it is of none")]
AboutDevice = Annotated[str | None, says("id of the device, null when it is of none")]
AlarmId = Annotated[str | None, says("id of the alarm that opened it or joined it last, null for none")]
OpenedAt = Annotated[str, says("when it was opened")]
ChangedAt = Annotated[str, says("when it changed")]
OnSiteBy = Annotated[str, says("when a person must be on site")]
MendBy = Annotated[str, says("when it must be mended")]
Count = Annotated[int, says("how often the fault came")]
AssignedTo = Annotated[str | None, says("the operator who repairs it, null before it is assigned")]
ArrivedAt = Annotated[str | None, says("when that person came on site, null before that")]
ReportedBy = Annotated[str | None, says("who reported it mended, null before that")]
Limits = Annotated[tuple[LimitChange, ...], says("limits that were changed meanwhile")]


class RepairRow(Row, frozen=True, kw_only=True, gc=False):
    """A repair order has changed."""

    subjects: ClassVar[str] = "repairs/<repair>"

    repair: RepairId
    kind: RepairKind
    urgency: Urgency
    state: RepairState
    lane: AboutLane
    device: AboutDevice
    alarm: AlarmId
    cause: Annotated[str, says("names the cause: one cause has one open order")]
    opened_at: OpenedAt
    as_of: ChangedAt
    on_site_by: OnSiteBy
    mend_by: MendBy
    count: Count
    assigned_to: AssignedTo
    arrived_at: ArrivedAt
    reported_by: ReportedBy
    limits: Limits
    by: By
    via: Annotated[str | UnsetType | None, says("the way that a person's order came")] = UNSET
    station: Annotated[str | UnsetType | None, says("the booth's own screen that it came from")] = UNSET
    note: Annotated[str | UnsetType, says("what was said with it")] = UNSET
    what: Annotated[str | UnsetType, says("of a service limit: what is counted; of a barrier's contact: its name")] = (
        UNSET
    )

    def subject(self, _gateway: str, /) -> str:
        return f"repairs/{self.repair}"


class RepairOpened(RepairRow, frozen=True, kw_only=True, gc=False):
    """A repair order begins."""

    type: ClassVar[str] = "repair.opened"


class RepairJoined(RepairRow, frozen=True, kw_only=True, gc=False):
    """The fault came again: the open order counts it. One that was reported mended is assigned again."""

    type: ClassVar[str] = "repair.joined"


class RepairAssigned(RepairRow, frozen=True, kw_only=True, gc=False):
    """An operator repairs it: `assigned_to`."""

    type: ClassVar[str] = "repair.assigned"


class RepairArrived(RepairRow, frozen=True, kw_only=True, gc=False):
    """The person who repairs it is on site."""

    type: ClassVar[str] = "repair.arrived"


class RepairReported(RepairRow, frozen=True, kw_only=True, gc=False):
    """One person reports it mended; another one must confirm that."""

    type: ClassVar[str] = "repair.reported"


class RepairRejected(RepairRow, frozen=True, kw_only=True, gc=False):
    """It is not mended: the person who reported it repairs it again."""

    type: ClassVar[str] = "repair.rejected"


class RepairConfirmed(RepairRow, frozen=True, kw_only=True, gc=False):
    """Another person has confirmed that it is mended: the order is over."""

    type: ClassVar[str] = "repair.confirmed"


class RepairLimitChanged(RepairRow, frozen=True, kw_only=True, gc=False):
    """Other settings changed a limit of the barrier; the control room must acknowledge that."""

    type: ClassVar[str] = "repair.limit_changed"


class RepairLimitAcknowledged(RepairRow, frozen=True, kw_only=True, gc=False):
    """The control room has acknowledged the changed limits."""

    type: ClassVar[str] = "repair.limit_acknowledged"
