"""The life of an alarm. Each row holds the alarm as it is after the change, and what was said with it."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from gateway.core.vocabulary.rows.base import UNSET, By, Row, UnsetType, one_of, says

STATES = (
    "unacknowledged", "acknowledged", "returned-unacknowledged", "shelved", "out of service", "closed",
)  # fmt: skip


class AlarmRow(Row, frozen=True, kw_only=True, gc=False):
    """An alarm has changed."""

    subjects: ClassVar[str] = "alarms/<alarm>"

    alarm: Annotated[str, says("id of the alarm")]
    kind: Annotated[str, says("kind of the alarm")]
    priority: Annotated[int, says("1 (act now) to 4 (know of it)")]
    state: Annotated[str, one_of("state of the alarm", *STATES)]
    lane: Annotated[str | None, says("id of the lane, null when it is of none")]
    device: Annotated[str | None, says("id of the device, null when it is of none")]
    raised_at: Annotated[str, says("when it was raised")]
    as_of: Annotated[str, says("when it changed")]
    acknowledged_by: Annotated[str | None, says("who acknowledged it, null before that")]
    detail: Annotated[
        dict[str, Any],
        says("what is known of the cause; wind over several lanes is one alarm whose `detail` names the `lanes`"),
    ]
    key: Annotated[str, says("names the cause: the same cause has the same key")]
    active: Annotated[bool, says("true while the cause lasts")]
    benign: Annotated[bool, says("true: the cause was found harmless, so the alarm ends by itself")]
    finding: Annotated[str, one_of("what a person found, empty for nothing yet", "", "real", "false")]
    count: Annotated[int, says("how often the cause came")]
    by: By
    via: Annotated[str | UnsetType | None, says("the way that a person's order came")] = UNSET
    station: Annotated[str | UnsetType | None, says("the booth's own screen that it came from")] = UNSET
    reason: Annotated[str | UnsetType, says("the reason that was given; of a tag: the tag's reason")] = UNSET
    until: Annotated[str | UnsetType, says("when a shelved alarm is shown again")] = UNSET
    joined: Annotated[str | UnsetType, says("the alarm that this one was joined to")] = UNSET
    verdict: Annotated[str | UnsetType, says("how the cause is understood now")] = UNSET

    def subject(self, _gateway: str, /) -> str:
        return f"alarms/{self.alarm}"


class AlarmRaised(AlarmRow, frozen=True, kw_only=True, gc=False):
    """An alarm begins, or its cause comes back; on a tagged lane it begins out of service."""

    type: ClassVar[str] = "alarm.raised"


class AlarmAcknowledged(AlarmRow, frozen=True, kw_only=True, gc=False):
    """A person has taken note of it."""

    type: ClassVar[str] = "alarm.acknowledged"


class AlarmVerified(AlarmRow, frozen=True, kw_only=True, gc=False):
    """A person has found out what it is: `finding`."""

    type: ClassVar[str] = "alarm.verified"


class AlarmShelved(AlarmRow, frozen=True, kw_only=True, gc=False):
    """It is hidden until an instant, or out of service for as long as its lane carries a tag."""

    type: ClassVar[str] = "alarm.shelved"


class AlarmUnshelved(AlarmRow, frozen=True, kw_only=True, gc=False):
    """It is shown again."""

    type: ClassVar[str] = "alarm.unshelved"


class AlarmReturned(AlarmRow, frozen=True, kw_only=True, gc=False):
    """Its cause is over."""

    type: ClassVar[str] = "alarm.returned"


class AlarmEscalated(AlarmRow, frozen=True, kw_only=True, gc=False):
    """It was handed on, since no person has acknowledged it; not written by this version."""

    type: ClassVar[str] = "alarm.escalated"


class AlarmRefined(AlarmRow, frozen=True, kw_only=True, gc=False):
    """Its cause is understood better: `verdict`."""

    type: ClassVar[str] = "alarm.refined"


class AlarmClosed(AlarmRow, frozen=True, kw_only=True, gc=False):
    """It is over and done with, or `joined` to another one that counts it."""

    type: ClassVar[str] = "alarm.closed"
