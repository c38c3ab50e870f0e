"""JSON Schemas of rows and views, by the names that the descriptions use."""

from __future__ import annotations

from typing import Any

import msgspec

from gateway.core.vocabulary import views
from gateway.core.vocabulary.rows import TYPES

Schema = dict[str, Any]
REF = "#/components/schemas/{name}"
NAMES = {
    "LaneState": "Lane",
    "AlarmState": "Alarm",
    "VisitView": "Visit",
    "InsideView": "Inside",
    "DeviceView": "Device",
    "RepairView": "Repair",
    "ServiceNotice": "Due",
    "AcceptanceView": "Acceptance",
    "ListedView": "Listed",
    "SlipView": "Slip",
}
"""Names that others know."""
ROWS = tuple(kind for kinds in TYPES.values() for kind in kinds)
STATES = (views.LaneState, views.AlarmState, views.VisitView, views.DeviceView, views.AcceptanceView)

_TEXT: Schema = {"type": "string"}
EVENT: Schema = {
    "type": "object",
    "description": "A CloudEvent 1.0: a row of the journal. `x-data` has the schemas of `data` by type",
    "required": ["specversion", "id", "source", "type", "subject", "time", "sequence"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {**_TEXT, "pattern": r"^[a-z0-9]{8,32}\.[0-9]+$", "description": "Journal id and sequence"},
        "source": {**_TEXT, "description": "/sites/<site>/gateways/<gateway>"},
        "type": {**_TEXT, "pattern": r"^gatehouse\."},
        "subject": {**_TEXT, "description": "What it is about: lanes/<lane>, devices/<device>, passes/<pass>, ..."},
        "time": {**_TEXT, "format": "date-time"},
        "datacontenttype": _TEXT,
        "sequence": {**_TEXT, "pattern": "^[0-9]{20}$", "description": "Alone gives the order"},
        "bootid": _TEXT,
        "uptimens": {**_TEXT, "description": "CLOCK_MONOTONIC in nanoseconds"},
        "clockstate": {"enum": ["synced", "holdover", "unset"]},
        "prevhash": {**_TEXT, "pattern": "^[0-9a-f]{64}$", "description": "SHA-256 of the row before it"},
        "data": {"type": "object"},
    },
    "x-data": {
        f"gatehouse.{type_}": [{"$ref": REF.format(name=kind.__name__)} for kind in kinds]
        for type_, kinds in sorted(TYPES.items())
    },
}  # fmt: skip


def schemas(*more: Any) -> dict[str, Schema]:
    """All components, by name; `more`: further types."""
    _, found = msgspec.json.schema_components((*ROWS, *STATES, *more), ref_template=REF)
    for name in found.keys() & set(views.__all__):
        found[name] = _always(getattr(views, name), found[name])
    renamed = {NAMES.get(name, name): _plain(schema) for name, schema in found.items()}
    return {"Event": EVENT, **dict(sorted(renamed.items()))}


def _always(view: type[msgspec.Struct], schema: Schema) -> Schema:
    """A view is sent with every key that it has a value for; the defaults are for its readers."""
    keys = [field.encode_name for field in msgspec.structs.fields(view) if field.default is not msgspec.UNSET]
    properties = {
        key: {name: value for name, value in found.items() if name != "default"}
        for key, found in schema["properties"].items()
    }
    return {**schema, "properties": properties, "required": keys}


def _plain(schema: Any) -> Any:
    """Without titles, open for keys of later versions, and with the names that others know."""
    if isinstance(schema, list):
        return [_plain(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {}
    for key, value in schema.items():
        if (key == "title" and isinstance(value, str)) or (key == "additionalProperties" and value is False):
            continue
        found[key] = _reference(value) if key == "$ref" else _plain(value)
    return found


def _reference(target: str) -> str:
    name = target.rpartition("/")[2]
    return REF.format(name=NAMES.get(name, name))
