"""Errors for the outside: problem+json (RFC 9457) for programs, a page for people, never a traceback."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import msgspec
from flask import Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException

from gateway.core.vocabulary.errors import GatehouseError

_log = logging.getLogger(__name__)

PROGRAM_PATHS = ("/api/", "/live", "/metrics", "/healthz", "/hooks/", "/openapi.json", "/asyncapi.json")
"""What these paths begin with is for programs and scripts."""
# A million-row file is imported by path over the control socket, so no request needs to be large.
BODY_MAX_BYTES = 1024 * 1024
PICTURE_MAX_BYTES = 4 * 1024 * 1024
"""What a camera pushes, with a picture."""


def body_max_bytes(path: str) -> int:
    """The greatest body that this path takes."""
    return PICTURE_MAX_BYTES if path.startswith("/hooks/") else BODY_MAX_BYTES


# Stable error codes of gateway/core/vocabulary/errors.py and the HTTP status that says the same.
STATUS = {
    "not_found": 404,
    "pass_invalid": 422,
    "visit_invalid": 422,
    "visit_conflict": 409,
    "listed_invalid": 422,
    "slip_invalid": 422,
    "slip_conflict": 409,
    "settings_invalid": 422,
    "settings_conflict": 409,
    "revision_conflict": 412,
    "refused": 409,
    "arm_moves": 409,
    "lane_tagged": 409,
    "lane_refuses": 409,
    "not_recorded": 503,
    "idempotency_conflict": 422,
    "idempotency_pending": 409,
    "cursor_invalid": 400,
    "request_invalid": 400,
    "engine_unreachable": 503,
    "busy": 503,
    "storage_failed": 503,
    "journal_broken": 503,
    "in_use": 503,
    "data_directory": 503,
}
_CODES = {400: "request_invalid", 404: "not_found", 413: "too_large"}
TITLES = {
    400: "The request cannot be read",
    401: "Sign in first",
    403: "Not allowed",
    404: "Not found",
    405: "This address does not do that",
    408: "The request took too long",
    409: "Refused",
    411: "The length is missing",
    412: "Changed in the meantime",
    413: "Too large",
    414: "The address is too long",
    415: "Another content type is needed",
    421: "Not the name of this gateway",
    422: "The content is not right",
    428: "A condition is needed",
    429: "Too many attempts",
    431: "The headers are too long",
    500: "Something went wrong in Gatehouse",
    501: "Not supported",
    503: "Not available just now",
}


class Problem(Exception):
    """An answer that is an error: HTTP status, stable `code`, `detail` that says what to do."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        headers: dict[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = headers or {}
        self.extra = extra


def problem_body(problem: Problem) -> bytes:
    """The problem as JSON."""
    body = {
        "type": "about:blank",
        "title": TITLES.get(problem.status, "Error"),
        "status": problem.status,
        "code": problem.code,
        "detail": problem.detail,
        **problem.extra,
    }
    return msgspec.json.encode(body)


def problem_response(problem: Problem) -> Response:
    """The problem as `application/problem+json`."""
    return Response(
        problem_body(problem),
        problem.status,
        headers=problem.headers,
        content_type="application/problem+json",
    )


def wants_json() -> bool:
    """True for programs: the API, the live state, metrics, and scripts that ask for JSON."""
    if request.path.startswith(PROGRAM_PATHS):
        return True
    accepted = request.accept_mimetypes
    return accepted["application/json"] > accepted["text/html"]


def answer(problem: Problem) -> Response:
    """The problem in the form that this request expects."""
    if wants_json():
        return problem_response(problem)
    page_of: Callable[[Problem], Response] = current_app.extensions["problem_page"]
    return page_of(problem)


def from_gatehouse(error: GatehouseError) -> Problem:
    """The problem that stands for one of our own errors."""
    status = STATUS.get(error.code, 500 if type(error) is GatehouseError else 400)
    headers = {"Retry-After": "1"} if status == 503 else {}
    return Problem(status, error.code, str(error), headers=headers)


def _from_http(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400:
        return Response(error.get_body(), status, headers=list(error.get_headers()))
    code = _CODES.get(status) or (error.name or "error").lower().replace(" ", "_")
    headers: dict[str, str] = {}
    allowed = getattr(error, "valid_methods", None)
    if status == 405 and allowed:
        headers["Allow"] = ", ".join(sorted(allowed))
    return answer(Problem(status, code, error.description or code, headers=headers))


def _from_anything(error: Exception) -> Response:
    _log.error("%s %s failed", request.method, request.path, exc_info=error)
    detail = "The error is in the web process's log; try again, and report it if it comes back."
    return answer(Problem(500, "internal", detail))


def register(app: Flask, page_of: Callable[[Problem], Response]) -> None:
    """Install the handlers for all kinds of errors; `page_of` makes the page for people."""
    app.extensions["problem_page"] = page_of
    app.register_error_handler(Problem, answer)
    app.register_error_handler(GatehouseError, lambda error: answer(from_gatehouse(error)))
    app.register_error_handler(HTTPException, _from_http)
    app.register_error_handler(Exception, _from_anything)
