"""What people and central see of an alarm."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from gateway.core.vocabulary.rows.alarms import STATES
from gateway.core.vocabulary.rows.base import one_of, says
from gateway.core.vocabulary.views.base import View


class AlarmState(View, frozen=True, kw_only=True, gc=False):
    """What central sees of an alarm, over HTTP and MQTT alike."""

    alarm: Annotated[str, says("id of the alarm")]
    kind: Annotated[str, says("kind of the alarm")]
    priority: Annotated[int, msgspec.Meta(description="1 (act now) to 4 (know of it)", ge=1, le=4)]
    state: Annotated[str, one_of("state of the alarm", *STATES)]
    lane: Annotated[str | None, says("id of the lane, null when it is of none")] = None
    device: Annotated[str | None, says("id of the device, null when it is of none")] = None
    raised_at: Annotated[str, says("when it was raised")]
    as_of: Annotated[str, says("when it changed")]


class AlarmView(AlarmState, frozen=True, kw_only=True, gc=False):
    """What screens see of an alarm."""

    acknowledged_by: Annotated[str | None, says("who acknowledged it, null before that")] = None
    detail: Annotated[dict[str, Any], says("what is known of the cause")] = msgspec.field(default_factory=dict)
    active: Annotated[bool | msgspec.UnsetType, says("whether the cause lasts")] = msgspec.UNSET
