"""What central sees of a lane and of an alarm, over HTTP and MQTT alike: the keys of a snapshot that leave the box."""

from __future__ import annotations

LANE_KEYS = (
    "id", "state", "since", "arm", "requested", "mode", "measured_at", "tag", "cannot_open", "pause", "case",
    "last_grant", "notice", "notice_since", "service_due",
)  # fmt: skip
ALARM_KEYS = ("alarm", "kind", "priority", "state", "lane", "device", "raised_at", "as_of")
