"""The keys of lanes and alarms that central sees, over HTTP and MQTT."""

from __future__ import annotations

LANE_KEYS = (
    "id", "state", "since", "arm", "requested", "mode", "measured_at", "tag", "cannot_open", "pause", "case",
    "last_grant", "notice", "notice_since", "service_due",
)  # fmt: skip
ALARM_KEYS = ("alarm", "kind", "priority", "state", "lane", "device", "raised_at", "as_of")
