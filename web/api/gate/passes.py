"""Passes over HTTP: read from the registry, changed through the engine, guarded against lost updates.

A change may name its revision, by `If-Match` (412 if it has changed) or by `revision` in the body (409). Without either
it applies to any revision; `If-None-Match: *` only creates.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from flask import Response, request

from gateway.core.vocabulary.errors import PassError, RevisionConflictError
from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.store.passes.checks import PassFieldError, check_pass
from web.api.answers import json_answer
from web.api.requests import body, identifier, if_match, number, one_of, only, refuse
from web.people.auth import current_token, require_scope
from web.platform.services import ask, services

LIMIT = 100
LIMIT_MAX = 1000
BATCH_MAX = 1000
# One line of the control socket holds 1 MiB, also for the rest of the request.
BATCH_BYTES = 900_000


class PassBatch(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a batch: all passes or none."""

    passes: list[dict[str, Any]]


class CodeWanted(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a request for a QR code: its end, a day in site time or an instant; empty: that of the pass."""

    until: Annotated[str, msgspec.Meta(max_length=40)] = ""


@require_scope("passes:read")
def list_passes() -> Response:
    """`GET /passes`."""
    only("after", "limit", "kind", "q")
    limit = number("limit", LIMIT, 1, LIMIT_MAX)
    found = (
        services()
        .readers.registry()
        .list(request.args.get("after", ""), limit, one_of("kind", list(PassKind)), request.args.get("q"))
    )
    following = found[-1].id if len(found) == limit else None
    return json_answer({"items": [shown(one) for one in found], "next": following})


@require_scope("passes:read")
def get_pass(pass_id: str) -> Response:
    """`GET /passes/{id}`."""
    only()
    identifier(pass_id, "pass")
    return _pass_answer(shown(services().readers.registry().get(pass_id)))


@require_scope("passes:write")
def put_pass(pass_id: str) -> Response:
    """`PUT /passes/{id}`: make it or replace it whole."""
    only()
    identifier(pass_id, "pass")
    wanted = body(dict[str, Any])
    if wanted.setdefault("id", pass_id) != pass_id:
        raise refuse(f"The body is pass {wanted['id']!r}, the address {pass_id!r}.", PassError.code, 422)
    one = _checked(wanted)
    answer = _guarded(one.revision, "passes.put", **{"pass": _plain(one)}, by=current_token().name, via="http")
    return _pass_answer(answer["pass"], created=bool(answer["created"]))


@require_scope("passes:write")
def delete_pass(pass_id: str) -> Response:
    """`DELETE /passes/{id}`."""
    only()
    identifier(pass_id, "pass")
    _guarded(0, "passes.delete", pass_id=pass_id, by=current_token().name, via="http")
    return Response(status=204)


@require_scope("passes:write")
def make_code(pass_id: str) -> Response:
    """`POST /passes/{id}/codes`: a QR code for a temporary pass. Its text is only in this answer."""
    only()
    identifier(pass_id, "pass")
    wanted = body(CodeWanted, optional=True)
    made = ask("passes.code", pass_id=pass_id, until=wanted.until, by=current_token().name, via="http")
    return json_answer(made, 201)


@require_scope("passes:write")
def put_batch() -> Response:
    """`POST /passes/batch`: up to 1,000 passes, all or nothing."""
    only()
    if (request.content_length or 0) > BATCH_BYTES:
        raise _too_large()
    wanted = body(PassBatch).passes
    if len(wanted) > BATCH_MAX:
        raise _too_large()
    plain = [_plain(_checked(one, f"passes[{place}].")) for place, one in enumerate(wanted)]
    answer = ask("passes.batch", timeout_s=30.0, passes=plain, by=current_token().name, via="http")
    return json_answer(answer)


def shown(one: Pass | dict[str, Any]) -> dict[str, Any]:
    """A pass with all fields, also empty ones."""
    if isinstance(one, dict):
        one = msgspec.convert(one, Pass)
    return msgspec.structs.asdict(one)


def _pass_answer(one: dict[str, Any], *, created: bool = False) -> Response:
    full = shown(one)
    headers = {"ETag": f'"{full["revision"]}"'}
    if created:
        headers["Location"] = f"/api/v1/passes/{full['id']}"
    return json_answer(full, 201 if created else 200, headers)


def _checked(wanted: dict[str, Any], path: str = "") -> Pass:
    """The pass, or a 422 that names the field; null means empty."""
    try:
        return check_pass({key: value for key, value in wanted.items() if value is not None})
    except PassFieldError as error:
        field = f"{path}{error.field}"
        raise refuse(f"{path}{error}.", error.code, 422, field=field) from None


def _plain(one: Pass) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(one)
    return fields


def _guarded(body_revision: int, op: str, **params: Any) -> dict[str, Any]:
    """Call the engine with the client's revision; a conflict is 412 or 409, by where the client named it."""
    header = if_match()
    expected = header if header is not None else (body_revision or None)
    if request.headers.get("If-None-Match", "").strip() == "*":
        expected = header = 0
    try:
        answer: dict[str, Any] = ask(op, if_revision=expected, **params)
    except RevisionConflictError as error:
        status = 409 if header is None else 412
        raise refuse(str(error), error.code, status) from None
    return answer


def _too_large() -> Exception:
    return refuse(
        f"A batch takes at most {BATCH_MAX} passes and {BATCH_BYTES} bytes; send it in parts, or"
        " use: gatehouse passes import",
        "too_large",
        413,
    )
