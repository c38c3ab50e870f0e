"""What cameras of the usual makes send, as data: where a message has what. A device's own options come before these.

Sources: Hikvision ISAPI (EventNotificationAlert, ANPR); Dahua ITSAPI push (TollgateInfo); Zhenshi AlarmInfoPlate push;
Frigate documentation, topics `frigate/events` and `frigate/tracked_object_update`; Plate Recognizer Stream webhook and
Snapshot API; OpenALPR Agent JSON (alpr_results); AXIS License Plate Verifier push events; Milesight LPR post.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from gateway.core.plates.messages import PlateMapping

Profile = Literal[
    "axis", "dahua", "frigate", "frigate-lpr", "hikvision", "milesight", "openalpr", "platerecognizer", "zhenshi"
]

_HIKVISION = "EventNotificationAlert"
_ZHENSHI = "AlarmInfoPlate.result.PlateResult"

PROFILES: dict[str, dict[str, Any]] = {
    "axis": {
        "plate": "plateText|plateUTF8",
        "confidence": "plateConfidence",
        "confidence_scale": "share",
        "time": "datetime",
        "only": {"carState": ["new", "update", "updated", None]},
    },
    "dahua": {
        "plate": "Picture.Plate.PlateNumber",
        "confidence": "Picture.Plate.Confidence",
        "confidence_scale": "255",
        "time": "Picture.SnapInfo.AccurateTime|Picture.SnapInfo.SnapTime",
    },
    "frigate": {
        "plate": "after.recognized_license_plate.0|after.recognized_license_plate",
        "confidence": "after.recognized_license_plate_score|after.recognized_license_plate.1",
        "confidence_scale": "share",
        "time": "after.frame_time",
        "only": {"type": ["new", "update"]},
    },
    "frigate-lpr": {
        "plate": "plate",
        "confidence": "score",
        "confidence_scale": "share",
        "time": "timestamp",
        "only": {"type": "lpr"},
    },
    "hikvision": {
        "plate": f"{_HIKVISION}.ANPR.licensePlate|{_HIKVISION}.ANPR.originalLicensePlate",
        "confidence": f"{_HIKVISION}.ANPR.confidenceLevel|{_HIKVISION}.ANPR.confidence",
        "time": f"{_HIKVISION}.dateTime",
    },
    "milesight": {"plate": "plate|license_plate", "confidence": "confidence", "time": "time|time_msec"},
    "openalpr": {"many": "results", "plate": "plate", "confidence": "confidence", "time": "epoch_time"},
    "platerecognizer": {
        "many": "data.results|results",
        "plate": "plate",
        "confidence": "score",
        "confidence_scale": "share",
        "time": "data.timestamp|timestamp",
    },
    "zhenshi": {
        "plate": f"{_ZHENSHI}.license",
        "confidence": f"{_ZHENSHI}.confidence",
        "time": f"{_ZHENSHI}.timeStamp.Timeval.sec",
    },
}


def mapping_of(options: dict[str, Any]) -> PlateMapping:
    """Where a device's messages have what: by its options, and by its profile where they say nothing."""
    told = {**PROFILES.get(str(options.get("profile") or ""), {}), **options}
    return msgspec.convert({key: told[key] for key in PlateMapping.__struct_fields__ if key in told}, PlateMapping)
