"""The hook for cameras that push: `POST /hooks/plates/<device>`, JSON in the shape of the device's mapping.

Cameras are simple: few can set a header, some declare their JSON as a form or write it in GB 18030, many send a picture
along. So the token may also be the password of Basic authentication or in the address, the type of the body is ignored,
and only plate, confidence and age go on to the engine. A push without a plate, or with an old read, is a sign of life:
the answer is 200 all the same, or the camera would repeat it.
"""

from __future__ import annotations

import contextlib
import time
from typing import Any

import msgspec
from flask import Response, request

from gateway.core.plates.last_message import Looked, look_at, look_at_bytes
from gateway.core.plates.messages import PlateMapping, PlateSeen, find_plate, read_json
from gateway.core.plates.plates import is_none, normalise
from gateway.core.vocabulary.errors import GatehouseError, PassError
from web.api.answers import json_answer
from web.api.requests import identifier, only, refuse
from web.people.auth import check_scope
from web.platform.problems import PICTURE_MAX_BYTES
from web.platform.services import ask, services
from web.words.times import site_zone

SCOPE = "plates:push"
DRIVER = "plate-http"
SHOW_S = 1.0


def push_plate(device: str) -> Response:
    """`POST /hooks/plates/{device}`."""
    only("token")
    check_scope(SCOPE, secret=_secret())
    mapping = _mapping(identifier(device, "device"))
    document = _document(device)
    try:
        seen = _seen(document, mapping)
        ask("credential", device=device, **seen.request())
    finally:
        _show(device, look_at(document))
    plate = normalise(seen.plate)
    answer = {"plate": None if is_none(plate) else plate, "confidence": seen.confidence}
    return json_answer({**answer, "wrong": seen.wrong} if seen.wrong else answer)


push_plate.gatehouse_scope = SCOPE  # type: ignore[attr-defined]


def _secret() -> str | None:
    """The token from Basic authentication or the address; None: use the bearer token."""
    if request.authorization is not None and request.authorization.type == "basic":
        return request.authorization.password or ""
    return request.args.get("token")


def _mapping(device: str) -> PlateMapping:
    """The mapping of this device; 404 for an unknown camera."""
    for found in services().site.document().get("devices", []):
        if found.get("id") == device and found.get("driver") == DRIVER:
            given = {key: found[key] for key in PlateMapping.__struct_fields__ if key in found}
            return msgspec.convert(given, PlateMapping)
    raise refuse(f"There is no camera {device!r} with the driver {DRIVER}.", "not_found", 404)


def _seen(document: Any, mapping: PlateMapping) -> PlateSeen:
    try:
        return find_plate(document, mapping, time.time_ns(), site_zone(services().site.document()))
    except PassError as error:
        raise refuse(f"{error}.", "body_invalid", 422) from None


def _show(device: str, looked: Looked) -> None:
    """To the installer's bench, whether the message counts or not."""
    services().cameras.keep(device, looked)
    with contextlib.suppress(GatehouseError):
        ask("bench.message", timeout_s=SHOW_S, device=device, text=looked.text)


def _document(device: str) -> Any:
    request.max_content_length = PICTURE_MAX_BYTES
    raw = request.get_data(cache=False)
    try:
        return read_json(raw)
    except PassError as error:
        _show(device, look_at_bytes(raw))
        raise refuse(f"The body cannot be read: {error}.", "not_json") from None
