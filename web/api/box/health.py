"""`/healthz`: whether the gateway is ready. For supervisors and central systems, so without a token."""

from __future__ import annotations

from flask import Response

from gateway.core.vocabulary.errors import GatehouseError
from web.api.answers import json_answer
from web.platform.problems import Problem
from web.platform.services import ask


def healthz() -> Response:
    """200 if the engine is ready, 503 with what is missing."""
    try:
        found = ask("ping", timeout_s=2.0)
    except GatehouseError as error:
        raise _not_ready(error.code, str(error), ["engine"]) from None
    if not found["ready"]:
        missing = list(found.get("missing", []))
        words = "Not ready yet; missing: " + (", ".join(map(str, missing)) or "unknown")
        raise _not_ready("not_ready", words, missing)
    shown = {key: found[key] for key in ("gateway", "journal", "version") if key in found}
    return json_answer({"status": "ok", **shown})


def _not_ready(code: str, detail: str, missing: list[str]) -> Problem:
    return Problem(503, code, detail, headers={"Retry-After": "2"}, missing=missing)
