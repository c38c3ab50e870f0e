"""JSON answers, and the time that they carry."""

from __future__ import annotations

import time
from typing import Any

import msgspec
from flask import Response

from gateway.core.vocabulary.times import rfc3339


def json_answer(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Any value as JSON."""
    return Response(msgspec.json.encode(value), status, headers=headers, content_type="application/json")


def now_text() -> str:
    """This moment in RFC 3339 UTC with milliseconds."""
    return rfc3339(time.time_ns())
