"""How devices, links, storage, the clock and the program are: what, since when."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import msgspec

from gateway.core.vocabulary.rows.base import UNSET, Barriers, By, GatewayRow, Row, Since, UnsetType, Via, one_of, says

ByGateway = Annotated[str, one_of("always `gateway`", "gateway")]
Why = Annotated[str, says("why, empty when it is not known")]


class DeviceRow(Row, frozen=True, kw_only=True, gc=False):
    """A row about one device."""

    subjects: ClassVar[str] = "devices/<device>"

    device: Annotated[str, says("id of the device")]

    def subject(self, _gateway: str, /) -> str:
        return f"devices/{self.device}"


class DeviceLost(DeviceRow, frozen=True, kw_only=True, gc=False):
    """A device stopped answering."""

    type: ClassVar[str] = "device.lost"

    error: Annotated[str, says("why, in words")]
    interrupted: Barriers
    since: Since
    by: ByGateway = "gateway"


class DeviceRestored(DeviceRow, frozen=True, kw_only=True, gc=False):
    """A device answers again."""

    type: ClassVar[str] = "device.restored"

    interrupted: Barriers
    since: Since
    by: ByGateway = "gateway"


ControllerId = Annotated[str, says("serial number of the controller")]


class DeviceRecorded(DeviceRow, frozen=True, kw_only=True, gc=False):
    """A record of the list that a controller keeps by itself; each is taken once."""

    type: ClassVar[str] = "device.recorded"

    controller: ControllerId
    record: Annotated[int, says("its place in the list of the controller")]
    what: Annotated[
        str,
        one_of(
            "what the controller recorded; `card_let_in`: it opened by its own list of cards",
            "card_let_in", "card_refused", "button", "button_refused", "door_opened", "door_closed", "passcode",
            "remote_open", "left_open", "forced_open", "forced_closed", "threat", "fire", "intrusion", "emergency_call",
            "power_on", "reset", "other",
        ),
    ]  # fmt: skip
    code: Annotated[int, says("the reason, as the maker numbers it")]
    door: Annotated[int, says("door of the controller, 0 for none")]
    card: Annotated[str | None, says("of a card: its number as passes have it")]
    at: Annotated[str | None, says("when, by the clock of the controller, RFC 3339 UTC")]
    late: Annotated[
        bool, says("true: recorded while the gateway could not ask, so that nothing followed from it but this row")
    ]
    by: ByGateway = "gateway"


class DeviceRecordsBegan(DeviceRow, frozen=True, kw_only=True, gc=False):
    """From now on the records of a controller are taken."""

    type: ClassVar[str] = "device.records_began"

    controller: ControllerId
    after: Annotated[int, says("the record after which they are taken")]
    reason: Annotated[
        str,
        one_of(
            "`first`: the controller is new here, its older records stay with it; `emptied`: its list is shorter than"
            " it was, so that it is taken from its beginning",
            "first", "emptied",
        ),
    ]  # fmt: skip
    by: ByGateway = "gateway"


class DeviceRecordsMissed(DeviceRow, frozen=True, kw_only=True, gc=False):
    """Records of a controller that were never taken: a gap."""

    type: ClassVar[str] = "device.records_missed"

    controller: ControllerId
    first: Annotated[int, says("the first record that is missing")]
    last: Annotated[int, says("the last record that is missing")]
    reason: Annotated[
        str,
        one_of(
            "`overwritten` by newer ones; `too_many` to be fetched; `unreadable`: the controller told another one",
            "overwritten", "too_many", "unreadable",
        ),
    ]  # fmt: skip
    by: ByGateway = "gateway"


class DeviceConfigured(DeviceRow, frozen=True, kw_only=True, gc=False):
    """The gateway has changed what a device is set to."""

    type: ClassVar[str] = "device.configured"

    what: Annotated[
        str,
        one_of(
            "`clock`: its clock was off; `decides`: who decides on cards; `delay`: how long a door is unlocked, in"
            " seconds",
            "clock", "decides", "delay",
        ),
    ]  # fmt: skip
    value: Annotated[str, says("what it is set to now; of a clock the time of the site")]
    before: Annotated[str, says("what it was set to; of a clock what it showed; empty when that is not known")]
    by: ByGateway = "gateway"


class LinkRow(GatewayRow, frozen=True, kw_only=True, gc=False):
    """The line to central."""

    reason: Why
    since: Since
    by: ByGateway = "gateway"


class UplinkLost(LinkRow, frozen=True, kw_only=True, gc=False):
    """Central cannot be reached."""

    type: ClassVar[str] = "uplink.lost"


class UplinkRestored(LinkRow, frozen=True, kw_only=True, gc=False):
    """Central can be reached again."""

    type: ClassVar[str] = "uplink.restored"


class KeptMark(msgspec.Struct, frozen=True, gc=False):
    """A lane, barrier or device that was marked when a journal was set aside."""

    lane: Annotated[str, says("its id")]
    mark: Annotated[str, says("the mark")]
    since_ns: Annotated[int, says("since when, in nanoseconds since 1970")]
    by: Annotated[str, says("by whom")]
    reason: Annotated[str, says("why")]


Part = Annotated[
    str | UnsetType,
    msgspec.Meta(
        description="what does not keep up: the journal, or the projections that follow it",
        extra_json_schema={"enum": ["journal", "projections"]},
    ),
]


class StorageDegraded(GatewayRow, frozen=True, kw_only=True, gc=False):
    """The journal cannot be written, the projections lag behind it, or a damaged database was set aside (`file`)."""

    type: ClassVar[str] = "storage.degraded"

    error: Annotated[str, says("why, in words")]
    part: Part = UNSET
    file: Annotated[str | UnsetType, says("of a database that was set aside: the file's name now")] = UNSET
    passes: Annotated[int | UnsetType, says("of a registry: how many passes were kept")] = UNSET
    journal: Annotated[str | UnsetType | None, says("of a journal: its id, null when it could not be read")] = UNSET
    last: Annotated[int | UnsetType | None, says("of a journal: its last row, null when it could not be read")] = UNSET
    interrupted: Annotated[
        tuple[str, ...] | UnsetType, says("of a journal: the barriers that wait for a person now")
    ] = UNSET
    marks: Annotated[
        tuple[KeptMark, ...] | UnsetType, says("of a journal: how lanes, barriers and devices were marked")
    ] = UNSET
    alarms: Annotated[tuple[dict[str, Any], ...] | UnsetType, says("of a journal: the alarms that were not closed")] = (
        UNSET
    )
    repairs: Annotated[
        tuple[dict[str, Any], ...] | UnsetType, says("of a journal: the repair orders that were open")
    ] = UNSET
    since: Since
    by: ByGateway = "gateway"


class StorageRestored(GatewayRow, frozen=True, kw_only=True, gc=False):
    """Storage keeps up again."""

    type: ClassVar[str] = "storage.restored"

    waited: Annotated[int, says("rows that were written late")]
    lost: Annotated[int, says("rows that did not fit in memory and are lost")]
    part: Part = UNSET
    since: Since
    by: ByGateway = "gateway"


class ClockChanged(GatewayRow, frozen=True, kw_only=True, gc=False):
    """The clock became sure, unsure, or was stepped."""

    type: ClassVar[str] = "clock.changed"

    state: Annotated[str, one_of("how far the clock is trusted now", "synced", "holdover", "unset")]
    offset_ms: Annotated[int, says("how far the wall clock was stepped, in milliseconds")]
    since: Since
    by: ByGateway = "gateway"


class GatewayStarted(GatewayRow, frozen=True, kw_only=True, gc=False):
    """A run begins."""

    type: ClassVar[str] = "gateway.started"

    version: Annotated[str, says("version of Gatehouse")]
    previous_clean: Annotated[bool, says("whether the run before ended in good order")]
    clock: Annotated[str, one_of("how far the clock is trusted", "synced", "holdover", "unset")]
    reason: Annotated[str, one_of("`rebuilt`: after a fault of the program", "started", "rebuilt")]
    since: Since
    by: ByGateway = "gateway"


class GatewayStopped(GatewayRow, frozen=True, kw_only=True, gc=False):
    """A run ends in good order."""

    type: ClassVar[str] = "gateway.stopped"

    reason: Annotated[str, says("why, in words")]
    since: Since
    by: ByGateway = "gateway"


class ConfirmationIgnored(Row, frozen=True, kw_only=True, gc=False):
    """A consumer behind the broker has confirmed a row that the journal does not have so: it does not count."""

    type: ClassVar[str] = "journal.confirmation_ignored"
    subjects: ClassVar[str] = "journal"

    consumer: Annotated[str, says("the consumer, by the name that it gave")]
    event: Annotated[str, says("id of the event that it named")]
    head: Annotated[str, says("the hash that it named")]
    reason: Annotated[
        str,
        one_of(
            "why it does not count",
            "unknown_row", "other_journal", "other_hash", "dropped", "too_many_consumers",
        ),
    ]  # fmt: skip
    count: Annotated[int, says("how many were ignored since the row before; the others were alike or came too fast")]
    by: Annotated[str, says("the consumer")]
    via: Via = "mqtt"

    def subject(self, _gateway: str, /) -> str:
        return "journal"


class JournalGap(Row, frozen=True, kw_only=True, gc=False):
    """Retention has dropped rows that a consumer had not confirmed; also told to one that asks for them."""

    type: ClassVar[str] = "journal.gap"
    subjects: ClassVar[str] = "journal"

    first: Annotated[int, says("the first row that is gone")]
    last: Annotated[int, says("the last row that is gone")]
    lasthash: Annotated[
        str,
        says("SHA-256 of the row before the next one, in hex: the last row that is gone; `restored`: the last kept"),
    ]
    reason: Annotated[
        str,
        one_of(
            "`age`, `size`; to one that asks for rows that are gone: `retention`, `other_journal`, `restored`",
            "age", "size", "retention", "other_journal", "restored",
        ),
    ]  # fmt: skip
    behind: Annotated[tuple[str, ...] | UnsetType, says("the consumers that had not confirmed these rows")] = UNSET
    by: ByGateway = "gateway"

    def subject(self, _gateway: str, /) -> str:
        return "journal"


class JournalRestored(Row, frozen=True, kw_only=True, gc=False):
    """The data directory was restored from a backup: the rows before this one are those of another journal."""

    type: ClassVar[str] = "journal.restored"
    subjects: ClassVar[str] = "journal"

    predecessor: Annotated[str, says("id of the journal in the backup")]
    last: Annotated[int, says("the last row in the backup, 0 for none")]
    head: Annotated[str, says("SHA-256 of that row, in hex")]
    made_at: Annotated[str, says("when the backup was made, RFC 3339 UTC")]
    by: By
    via: Via

    def subject(self, _gateway: str, /) -> str:
        return "journal"
