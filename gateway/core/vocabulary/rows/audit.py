"""Tokens, codes and keys that were made, install mode of readers, devices that were tried."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import field

from gateway.core.vocabulary.rows.base import UNSET, By, GatewayRow, PassId, Row, UnsetType, Via, one_of, says
from gateway.core.vocabulary.rows.health import DeviceRow


class SettingsVersion(GatewayRow, frozen=True, kw_only=True, gc=False):
    """A version of the settings was applied, confirmed or rolled back."""

    type: ClassVar[str] = "settings.changed"

    what: Annotated[str, one_of("what was done", "applied", "confirmed", "rolled_back")]
    version: Annotated[int, says("number of the version")]
    state: Annotated[
        str, one_of("`pending`: it goes back by itself unless confirmed", "confirmed", "pending", "rolled_back")
    ]
    paths: Annotated[tuple[str, ...], says("what differs from the version before, at most 100 paths; no values")]
    before: Annotated[int, says("the version that it replaced, and that holds again when it is rolled back")]
    restores: Annotated[int | UnsetType, says("the earlier version that it brings back")] = UNSET
    reason: Annotated[
        str | UnsetType,
        one_of(
            "why it was rolled back: it was not confirmed in time, the engine started before that, a person asked, or"
            " a lane did not come to rest",
            "time_over", "restart", "asked", "not_applied",
        ),
    ] = UNSET  # fmt: skip
    by: By
    via: Via


class CopyTaken(GatewayRow, frozen=True, kw_only=True, gc=False):
    """A person began to take a copy of the data out of the gateway through the web."""

    type: ClassVar[str] = "gateway.copied"

    what: Annotated[str, one_of("what was taken: an encrypted backup, or a masked support bundle", "backup", "support")]
    by: By
    via: Via


class TokenCreated(GatewayRow, frozen=True, kw_only=True, gc=False):
    """A token was made."""

    type: ClassVar[str] = "settings.changed"

    what: Annotated[str, one_of("what was done", "token_created")] = "token_created"
    token: Annotated[str, says("id of the token")]
    scopes: Annotated[tuple[str, ...], says("what it may do")]
    by: By
    via: Via


class TokenRevoked(GatewayRow, frozen=True, kw_only=True, gc=False):
    """Tokens of a name were revoked."""

    type: ClassVar[str] = "settings.changed"

    what: Annotated[str, one_of("what was done", "token_revoked")] = "token_revoked"
    tokens: Annotated[tuple[str, ...], says("ids of the tokens")]
    by: By
    via: Via


class StationKeyMade(GatewayRow, frozen=True, kw_only=True, gc=False):
    """A booth's own screen was given a new key."""

    type: ClassVar[str] = "settings.changed"

    what: Annotated[str, one_of("what was done", "station_key")] = "station_key"
    station: Annotated[str, says("id of the station")]
    by: By
    via: Via


class InstallModeSet(Row, frozen=True, kw_only=True, gc=False):
    """Install mode of a reader begins, or is stopped."""

    type: ClassVar[str] = "settings.changed"
    subjects: ClassVar[str] = "devices/<device>"

    what: Annotated[str, one_of("what was done", "install_mode", "install_mode_stopped")]
    device: Annotated[str, says("id of the reader")]
    minutes: Annotated[int, says("for how long; 0: stopped")]
    by: By
    via: Via

    def subject(self, _gateway: str, /) -> str:
        return f"devices/{self.device}"


class InstallModeEnded(Row, frozen=True, kw_only=True, gc=False):
    """Install mode of a reader has ended."""

    type: ClassVar[str] = "settings.changed"
    subjects: ClassVar[str] = "devices/<device>"

    what: Annotated[str, one_of("what was done", "install_mode_ended")] = "install_mode_ended"
    device: Annotated[str, says("id of the reader")]
    outcome: Annotated[str, one_of("how it ended", "key_set", "has_key", "time_over", "stopped")]
    by: Annotated[str, one_of("always `gateway`", "gateway")] = "gateway"

    def subject(self, _gateway: str, /) -> str:
        return f"devices/{self.device}"


class DeviceTested(DeviceRow, frozen=True, kw_only=True, gc=False):
    """A person tries a device; written before it is done."""

    type: ClassVar[str] = "device.tested"

    what: Annotated[
        str,
        one_of(
            "an output is pulsed, a sign is shown, a page is printed, the device is restarted",
            "pulse",
            "show",
            "print",
            "restart",
        ),
    ]
    output: Annotated[int | UnsetType, says("the output that is pulsed")] = UNSET
    duration_ms: Annotated[int | UnsetType, says("for how long")] = UNSET
    lane: Annotated[str | UnsetType, says("the lane whose arm that moves")] = UNSET
    under_tag: Annotated[
        bool | UnsetType, says("of an arm: true: its lane carries a tag, and the output alone is pulsed")
    ] = UNSET
    verdict: Annotated[str | UnsetType, says("the sign that is shown")] = UNSET
    outcome: Annotated[str, one_of("`begun`: before it is done; `failed`: it was not done", "begun", "failed")]
    by: By
    via: Via


class MediaViewed(DeviceRow, frozen=True, kw_only=True, gc=False):
    """A picture of a camera was looked at; written before it is handed out."""

    type: ClassVar[str] = "media.viewed"

    media: Annotated[str, says("id of the picture")]
    reason: Annotated[str, says("why, in the words of the one who looks")]
    by: By
    via: Via


class CodeIssued(Row, frozen=True, kw_only=True, gc=False):
    """A QR code was made for a temporary pass."""

    type: ClassVar[str] = "settings.changed"
    subjects: ClassVar[str] = "passes/<pass>"

    what: Annotated[str, one_of("what was done", "code_issued")] = "code_issued"
    pass_: PassId = field(name="pass")
    code: Annotated[str, says("name of the code, from which it cannot be made again")]
    ends_at: Annotated[str, says("when it ends")]
    by: By
    via: Via

    def subject(self, _gateway: str, /) -> str:
        return f"passes/{self.pass_}"
