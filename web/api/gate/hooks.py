"""The hook for cameras that push: `POST /hooks/plates/<device>`, in the shape of the device's mapping or profile.

Cameras are simple: few can set a header, some declare their JSON as a form or write it in GB 18030, many send XML, or
parts with pictures. So the token may also be the password of Basic or Digest authentication or in the address, the type
of the body is ignored, and only plate, confidence and age go on to the engine, with a text for a person
who watches the device. What cannot be read is an error of the device, in words. A push without a plate, or with an old
read, is a sign of life: the answer is 200 all the same, or the camera would repeat it.
"""

from __future__ import annotations

import contextlib
import time
from typing import Any

from flask import Response, request

from gateway.core.plates.bodies import look_at_body, read_body
from gateway.core.plates.messages import PlateMapping, PlateSeen, find_plates
from gateway.core.plates.plates import is_none, normalise
from gateway.core.plates.profiles import mapping_of
from gateway.core.vocabulary.errors import GatehouseError, PassError
from web.api.answers import json_answer
from web.api.requests import only, refuse
from web.people.cameras import check_push
from web.platform.problems import PICTURE_MAX_BYTES
from web.platform.services import ask, services
from web.words.times import site_zone

SCOPE = "plates:push"
DRIVER = "plate-http"
SHOW_S = 1.0


def push_plate(device: str) -> Response:
    """`POST /hooks/plates/{device}`."""
    only("token")
    options = _camera(device)
    check_push(SCOPE, device, digest=bool(options and options.get("digest")))
    if options is None:
        raise refuse(f"There is no camera {device[:80]!r} with the driver {DRIVER}.", "not_found", 404)
    request.max_content_length = PICTURE_MAX_BYTES
    raw = request.get_data(cache=False)
    try:
        seen = _seen(device, raw, mapping_of(options))
        for one in seen:
            ask("credential", device=device, **one.request())
    finally:
        _show(device, raw)
    plates = [plate for one in seen if not is_none(plate := normalise(one.plate))]
    answer: dict[str, Any] = {"plate": plates[0] if plates else None, "confidence": max(0.0, seen[0].confidence)}
    if len(plates) > 1:
        answer["plates"] = plates
    wrong = next((one.wrong for one in seen if one.wrong), "")
    return json_answer({**answer, "wrong": wrong} if wrong else answer)


push_plate.gatehouse_scope = SCOPE  # type: ignore[attr-defined]


def _camera(device: str) -> dict[str, Any] | None:
    """The options of this camera; None for an unknown one."""
    devices = services().site.document().get("devices", [])
    return next((one for one in devices if one.get("id") == device and one.get("driver") == DRIVER), None)


def _seen(device: str, raw: bytes, mapping: PlateMapping) -> list[PlateSeen]:
    """The plates in a body; one that cannot be read is an error of the device too, and 400 to the camera."""
    try:
        return find_plates(read_body(raw).document, mapping, time.time_ns(), site_zone(services().site.document()))
    except PassError as error:
        seen = PlateSeen("", 0.0, wrong=f"a message cannot be read: {error}")
        ask("credential", device=device, **seen.request())
        raise refuse(f"The body cannot be read: {error}.", "not_json") from None


def _show(device: str, raw: bytes) -> None:
    """To the installer's bench, and its picture into the evidence, whether the message counts or not."""
    looked = look_at_body(raw)
    services().cameras.keep(device, looked)
    with contextlib.suppress(GatehouseError):
        ask("bench.message", timeout_s=SHOW_S, device=device, text=looked.text)
    if looked.picture:
        with contextlib.suppress(GatehouseError):
            ask("media.keep", timeout_s=SHOW_S, device=device, picture=looked.picture)
