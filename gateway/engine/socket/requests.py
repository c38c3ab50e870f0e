"""Types of control requests: one struct per op; an unknown key is refused with the known ones."""

from __future__ import annotations

import base64
import hashlib
from typing import Annotated, Any, ClassVar, Literal, TypeVar

import msgspec

from gateway.core.people.texts import TEXT_MAX, unprintable, wrong_text
from gateway.core.plates.camera_time import AGE_MAX_MS
from gateway.core.vocabulary.errors import RequestError
from gateway.core.vocabulary.events import (
    AcceptanceAsked,
    AcceptanceReceived,
    AlarmCommandReceived,
    CommandReceived,
    RepairCommandReceived,
)
from gateway.core.vocabulary.rows import (
    ConfirmationIgnored,
    DrawingDeleted,
    OperatorRow,
    OperatorSignedIn,
    OperatorSignedOut,
    Who,
)
from gateway.store.times import YEARS, parse_wall_ns

Request = TypeVar("Request", bound=msgspec.Struct)
Key = Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
# Bounds for journaled text: a row must fit into one packet of any broker.
Name = Annotated[str, msgspec.Meta(max_length=300)]
Word = Annotated[str, msgspec.Meta(max_length=100)]
Reason = Annotated[str, msgspec.Meta(max_length=TEXT_MAX)]
Told = Annotated[str, msgspec.Meta(max_length=500)]
"""Words of another machine."""
Via = Literal["guard", "browser", "http", "mqtt", "cli"]
ON_THE_SPOT = ("guard", "cli")
"""Ways that count as present at the lane by default: a booth's own screen and the command line."""
NOTE_BYTES = 4_096
INT_MAX = 2**63 - 1


class Params(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of all requests. `lines`: texts that must be one plain line; `written`: free texts of people."""

    lines: ClassVar[tuple[str, ...]] = ()
    written: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        for names, fault in ((self.lines, unprintable), (self.written, wrong_text)):
            for name in names:
                if wrong := fault(getattr(self, name)):
                    raise ValueError(f"{name} {wrong}")


class LaneCommand(Params, frozen=True):
    """lane.command"""

    lines = ("by", "lane", "station", "case")
    written = ("reason",)

    request: Key
    lane: Word
    command: Word
    by: Name
    via: Via
    reason: Reason = ""
    expires_at: str | None = None
    detail: dict[str, Any] = {}
    station: Word = ""
    present: bool | None = None
    expires_mono_ns: Annotated[int, msgspec.Meta(ge=0, le=INT_MAX)] = 0
    case: Word = ""

    def digest(self) -> str:
        """The digest of a repeated request: its content, without way and expiry."""
        return _digest(self.lane, self.command, self.reason, self.expires_at, self.detail, self.case)

    def event(self) -> CommandReceived:
        """The event for the core; RequestError if `expires_at` is not an instant."""
        return CommandReceived(
            self.request,
            self.lane,
            self.command,
            self.by,
            self.via,
            self.reason,
            wall_ns(self.expires_at, "expires_at"),
            self.detail,
            self.station,
            self.via in ON_THE_SPOT if self.present is None else self.present,
            self.expires_mono_ns,
            self.case,
        )


class AlarmCommand(Params, frozen=True):
    """alarm.command"""

    lines = ("by", "alarm", "station")
    written = ("reason",)

    request: Key
    alarm: Word
    verb: Word
    by: Name
    reason: Reason = ""
    finding: Word = ""
    until: str | None = None
    via: Via | Literal[""] = ""
    station: Word = ""

    def digest(self) -> str:
        """See `LaneCommand.digest`."""
        return _digest(self.alarm, self.verb, self.reason, self.finding, self.until)

    def event(self) -> AlarmCommandReceived:
        """The event for the core; RequestError if `until` is not an instant."""
        return AlarmCommandReceived(
            self.request,
            self.alarm,
            self.verb,
            self.by,
            self.reason,
            self.finding,
            wall_ns(self.until, "until"),
            self.via,
            self.station,
        )


class RepairCommand(Params, frozen=True):
    """repair.command"""

    lines = ("by", "repair", "lane", "device", "to", "station")
    written = ("note",)

    request: Key
    verb: Word
    by: Name
    via: Via
    repair: Word = ""
    note: Reason = ""
    lane: Word = ""
    device: Word = ""
    urgency: Word = ""
    to: Name = ""
    station: Word = ""

    def digest(self) -> str:
        """See `LaneCommand.digest`."""
        return _digest(self.repair, self.verb, self.note, self.lane, self.device, self.urgency, self.to)

    def event(self) -> RepairCommandReceived:
        """The event for the core."""
        return RepairCommandReceived(
            self.request,
            self.repair,
            self.verb,
            self.by,
            self.note,
            self.lane,
            self.device,
            self.urgency,
            self.to,
            self.via,
            self.station,
        )


class AcceptanceAct(Params, frozen=True):
    """acceptance.act: an end ticks a point, takes its tick back, or signs the sheet of a lane"""

    lines = ("by", "lane", "point", "media", "station")

    request: Key
    lane: Word
    what: Literal["tick", "withdraw", "sign"]
    end: Literal["installer", "control_room"]
    by: Name
    via: Via
    point: Name = ""
    media: Word = ""
    station: Word = ""

    def digest(self) -> str:
        """See `LaneCommand.digest`."""
        return _digest(self.lane, self.what, self.end, self.by, self.point, self.media)

    def event(self) -> AcceptanceReceived:
        """The event for the core."""
        given = (self.end, self.by, self.via, self.point, self.media, self.station)
        return AcceptanceReceived(self.request, self.lane, self.what, *given)


class AcceptanceLook(Params, frozen=True):
    """acceptance.look: the sheet of a lane with what is measured now"""

    request: Key
    lane: Word

    def digest(self) -> str:
        """See `LaneCommand.digest`."""
        return _digest(self.lane)

    def event(self) -> AcceptanceAsked:
        """The event for the core."""
        return AcceptanceAsked(self.request, self.lane)


class Change(Params, frozen=True, kw_only=True):
    """Base of requests that are journaled with author and way."""

    lines: ClassVar[tuple[str, ...]] = ("by",)

    by: Name
    via: Via | Literal[""] = ""

    @property
    def who(self) -> Who:
        """Author and way in a journal row."""
        return {"by": self.by, "via": self.via or None}


class Making(Change, frozen=True, kw_only=True):
    """Base of requests that make something: the same `request` with the same contents is answered as the first time,
    and makes no other; with other contents it is refused.
    """

    station: Word = ""
    request: Key | None = None

    @property
    def contents(self) -> dict[str, Any]:
        """What is said of the thing."""
        raise NotImplementedError

    @property
    def digest(self) -> str:
        """The digest of the request and its contents; empty for one that is never repeated."""
        if self.request is None:
            return ""
        return hashlib.sha256(msgspec.json.encode([self.request, self.contents], order="sorted")).hexdigest()

    @property
    def begins(self) -> str:
        """How the id of the thing begins behind its letter, whatever the request says of it."""
        return f"{hashlib.sha256((self.request or '').encode()).hexdigest()[:12]}-"

    @property
    def name(self) -> str:
        """The id of the thing behind its letter, the same for repeats of the request."""
        return f"{self.begins}{self.digest[:12]}"


class PassPut(Change, frozen=True, kw_only=True):
    """passes.put"""

    document: dict[str, Any] = msgspec.field(name="pass")
    if_revision: int | None = None


class PassDelete(Change, frozen=True, kw_only=True):
    """passes.delete"""

    pass_id: str
    if_revision: int | None = None


class PassCode(Change, frozen=True, kw_only=True):
    """passes.code"""

    pass_id: str
    until: str = ""


class PassesImport(Change, frozen=True, kw_only=True):
    """passes.import"""

    file: str
    replace: bool = False
    dry_run: bool = False
    remove_many: bool = False
    encoding: str = ""
    sheet: str = ""


class PassesBatch(Change, frozen=True, kw_only=True):
    """passes.batch"""

    passes: list[dict[str, Any]]


_NOTES: dict[str, type[OperatorRow | ConfirmationIgnored | DrawingDeleted]] = {
    kind.type: kind for kind in (OperatorSignedIn, OperatorSignedOut, ConfirmationIgnored, DrawingDeleted)
}


class JournalNote(Params, frozen=True):
    """journal.note"""

    type: Literal[
        "operator.signed_in", "operator.signed_out", "journal.confirmation_ignored", "acceptance.drawing_deleted"
    ]
    data: dict[str, Any] = {}

    def __post_init__(self) -> None:
        if len(msgspec.json.encode(self.data)) > NOTE_BYTES:
            raise ValueError(f"data is longer than {NOTE_BYTES} bytes")
        if wrong := unprintable(str(self.data.get("by", ""))):
            raise ValueError(f"by {wrong}")

    def row(self) -> OperatorRow | ConfirmationIgnored | DrawingDeleted:
        """The row to journal; RequestError when the data is not that of one."""
        return read(_NOTES[self.type], self.data)


class InstallMode(Change, frozen=True, kw_only=True):
    """device.install_mode"""

    device: str
    minutes: Annotated[int, msgspec.Meta(ge=0, le=60)]


class UplinkReport(Params, frozen=True):
    """uplink.report"""

    up: bool
    reason: Told = ""
    waiting: int = 0
    since: str | None = None


class CredentialSeen(Params, frozen=True):
    """credential"""

    device: str
    kind: Literal["card", "plate", "qr", "pin"]
    value: str
    confidence: Annotated[float, msgspec.Meta(ge=-1, le=100)] = 100.0
    """-1: it could not be read."""
    age_ms: Annotated[int, msgspec.Meta(ge=-AGE_MAX_MS, le=AGE_MAX_MS)] | None = None
    wrong: Told = ""


class DeviceLink(Params, frozen=True):
    """device.link"""

    device: str
    up: bool
    words: Annotated[str, msgspec.Meta(max_length=1000)] = ""


class LaneChoose(Params, frozen=True):
    """lane.choose"""

    lines: ClassVar[tuple[str, ...]] = ("by",)

    station: Word
    lane: Word
    by: Name


class CardAwait(Params, frozen=True):
    """lane.await_card: a booth's screen waits for a card from the pile; without a lane it waits no more"""

    lines: ClassVar[tuple[str, ...]] = ("by",)

    station: Word
    by: Name
    lane: Word = ""


class StationKeyMake(Change, frozen=True, kw_only=True):
    """station.key"""

    station: Word


class OperatorList(Params, frozen=True):
    """operator.list"""


class OperatorAdd(Change, frozen=True, kw_only=True):
    """operator.add"""

    name: str
    role: str
    pin_hash: str


class OperatorPin(Change, frozen=True, kw_only=True):
    """operator.set_pin"""

    name: str
    pin_hash: str


class OperatorRole(Change, frozen=True, kw_only=True):
    """operator.set_role"""

    name: str
    role: str


class OperatorRemove(Change, frozen=True, kw_only=True):
    """operator.remove"""

    name: str
    also_last: bool = False


class OperatorUnlock(Change, frozen=True, kw_only=True):
    """operator.unlock"""

    name: str
    station: Word | None = None


class OperatorFailed(Params, frozen=True):
    """operator.failed: a wrong PIN; `operator` None for a name that no operator has, `wait_s` when it locks out."""

    lines = ("address",)

    operator: Name | None
    by: Name | None
    station: Word | None
    address: Word
    wait_s: Annotated[int, msgspec.Meta(ge=0, le=86_400)] = 0


class SetupCode(Change, frozen=True, kw_only=True):
    """setup.code"""


class SetupForm(Params, frozen=True):
    """What the form of the first set-up says; an id that is left out is made or kept."""

    lines = ("site_name",)

    site_name: Annotated[str, msgspec.Meta(min_length=1, max_length=TEXT_MAX)]
    timezone: Word
    locale: Word
    name: Word
    site_id: Word = ""
    gateway_id: Word = ""


class SetupFinish(Params, frozen=True):
    """setup.finish"""

    code: Word
    form: SetupForm
    pin_hash: str
    via: Literal["guard", "browser"]


class CopyTake(Change, frozen=True, kw_only=True):
    """copy.take"""

    what: Literal["backup", "support"]


class TokenCreate(Change, frozen=True, kw_only=True):
    """token.create"""

    name: str
    scopes: list[str]
    expires_at: str = ""
    devices: list[Word] = []


class MediaKeep(Params, frozen=True):
    """media.keep: a picture in base64"""

    device: Word
    picture: str

    @property
    def bytes(self) -> bytes:
        """The picture; RequestError when it is no base64."""
        try:
            return base64.b64decode(self.picture, validate=True)
        except ValueError:
            raise RequestError("picture is no base64") from None


class MediaTake(Change, frozen=True, kw_only=True):
    """media.take: fetch a picture now"""

    device: Word


class MediaView(Change, frozen=True, kw_only=True):
    """media.view: who looks at a picture, and why"""

    written = ("reason",)

    media: Word
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=TEXT_MAX)]


class TokenList(Params, frozen=True):
    """token.list"""


class TokenRevoke(Change, frozen=True, kw_only=True):
    """token.revoke"""

    name: str


def read(kind: type[Request], params: dict[str, Any]) -> Request:
    """The typed request; RequestError names the wrong key."""
    try:
        return msgspec.convert(params, kind)
    except msgspec.ValidationError as error:
        raise RequestError(f"{kind.__doc__}: {error}") from None


def wall_ns(text: str | None, key: str) -> int:
    """An RFC 3339 instant as nanoseconds since 1970, 0 for none."""
    if text is None:
        return 0
    try:
        return parse_wall_ns(text)
    except ValueError:
        raise RequestError(f"{key} is {text[:60]!r}; give an instant such as 2026-11-30T08:00:00Z, {YEARS}") from None


def _digest(*body: Any) -> str:
    return hashlib.sha256(msgspec.json.encode(body, order="deterministic")).hexdigest()
