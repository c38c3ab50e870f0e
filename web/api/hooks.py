"""Where cameras push what they read: `POST /hooks/plates/<device>`, JSON of whatever shape the device's mapping names.

Cameras are plain: few can set a header of one's choice, some call their JSON a form or write it in GB 18030, many send
a picture along. So the token may also come as the password of Basic authentication or in the address, the body is read
for what it is, and only plate, confidence and age go on to the engine. A push without a plate is a sign of life, and so
is one that is no read of now: the camera is answered 200 all the same, or it would send it again and again.
"""

from __future__ import annotations

import time
from typing import Any

import msgspec
from flask import Response, request

from gateway.core.access.plates import PlateMapping, PlateSeen, find_plate, is_none, normalise, read_json
from gateway.core.vocabulary.errors import PassError
from web.api import engine
from web.api.moments import site_zone
from web.api.requests import identifier, only, refuse
from web.api.state import json_answer
from web.people.auth import check_scope
from web.platform.services import services

SCOPE = "plates:push"
DRIVER = "plate-http"
MOST_BYTES = 4 * 1024 * 1024
"""With a picture in it; what goes to the engine is one line."""


def push_plate(device: str) -> Response:
    """`POST /hooks/plates/{device}`."""
    only("token")
    check_scope(SCOPE, secret=_secret())
    mapping = _mapping(identifier(device, "device"))
    seen = _seen(_document(), mapping)
    engine.ask("credential", device=device, **seen.request())
    plate = normalise(seen.plate)
    answer = {"plate": None if is_none(plate) else plate, "confidence": seen.confidence}
    return json_answer({**answer, "wrong": seen.wrong} if seen.wrong else answer)


push_plate.gatehouse_scope = SCOPE  # type: ignore[attr-defined]


def _secret() -> str | None:
    """The token from where cameras can put it; None: look for a bearer token."""
    if request.authorization is not None and request.authorization.type == "basic":
        return request.authorization.password or ""
    return request.args.get("token")


def _mapping(device: str) -> PlateMapping:
    """Where this device's JSON has its plate; 404 when there is no such camera."""
    for found in services().site.document().get("devices", []):
        if found.get("id") == device and found.get("driver") == DRIVER:
            given = {key: found[key] for key in PlateMapping.__struct_fields__ if key in found}
            return msgspec.convert(given, PlateMapping)
    raise refuse(f"There is no camera {device!r} with the driver {DRIVER}.", "not_found", 404)


def _seen(document: Any, mapping: PlateMapping) -> PlateSeen:
    try:
        return find_plate(document, mapping, time.time_ns(), site_zone())
    except PassError as error:
        raise refuse(f"{error}.", "body_invalid", 422) from None


def _document() -> Any:
    request.max_content_length = MOST_BYTES
    raw = request.get_data(cache=False)
    try:
        return read_json(raw)
    except PassError as error:
        raise refuse(f"The body cannot be read: {error}.", "not_json") from None
