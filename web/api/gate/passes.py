"""Passes over HTTP: read from the registry, changed through the engine, guarded against lost updates.

A change may name its revision, by `If-Match` or `If-None-Match` (412 if it has changed) or by `revision` in the body
(409); all that are named must hold. Without any of them it applies to any revision; `If-None-Match: *` only creates.
"""

from __future__ import annotations

import time
from typing import Annotated, Any

import msgspec
from flask import Response, request
from werkzeug.exceptions import MethodNotAllowed

from gateway.core.vocabulary.errors import NotFoundError, PassError, RevisionConflictError
from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.store.passes.checks import PassFieldError, check_pass
from gateway.store.passes.ending import DAYS_MAX, EndsWithin
from web.api.answers import json_answer
from web.api.conditions import conditions_of, etag
from web.api.requests import body, identifier, number, one_of, only, refuse
from web.people.auth import current_token, require_scope
from web.platform.services import ask, services
from web.words.times import site_zone

LIMIT = 100
LIMIT_MAX = 1000
BATCH_MAX = 1000
TRIES_MAX = 5
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
    only("after", "limit", "kind", "q", "ends_within_days")
    limit = number("limit", LIMIT, 1, LIMIT_MAX)
    kind, ends = one_of("kind", list(PassKind)), _ends_within()
    registry = services().readers.registry()
    found = registry.list(request.args.get("after", ""), limit, kind, request.args.get("q"), ends)
    following = found[-1].id if len(found) == limit else None
    return json_answer({"items": [shown(one) for one in found], "next": following})


def _ends_within() -> EndsWithin | None:
    """`ends_within_days`: counted from the site's today; None if absent."""
    if not request.args.get("ends_within_days"):
        return None
    days = number("ends_within_days", 0, 0, DAYS_MAX)
    return EndsWithin(days, time.time_ns(), site_zone(services().site.document()))


@require_scope("passes:read")
def get_pass(pass_id: str) -> Response:
    """`GET /passes/{id}`."""
    only()
    identifier(pass_id, "pass")
    conditions = conditions_of()
    one = services().readers.registry().get(pass_id)
    if not conditions.allow(one.revision):
        raise conditions.failed(pass_id, one.revision)
    if conditions.is_known(one.revision):
        return Response(status=304, headers={"ETag": etag(one.revision)})
    return _pass_answer(shown(one))


@require_scope("passes:write")
def put_pass(pass_id: str) -> Response:
    """`PUT /passes/{id}`: make it or replace it whole."""
    only()
    identifier(pass_id, "pass")
    wanted = body(dict[str, Any])
    if wanted.setdefault("id", pass_id) != pass_id:
        raise refuse(f"The body is pass {wanted['id']!r}, the address {pass_id!r}.", PassError.code, 422)
    one = _checked(wanted)
    change = {"pass": _plain(one), "by": current_token().name, "via": "http"}
    answer = _guarded(pass_id, one.revision, "passes.put", change)
    return _pass_answer(answer["pass"], created=bool(answer["created"]))


@require_scope("passes:write")
def delete_pass(pass_id: str) -> Response:
    """`DELETE /passes/{id}`."""
    only()
    identifier(pass_id, "pass")
    _guarded(pass_id, 0, "passes.delete", {"pass_id": pass_id, "by": current_token().name, "via": "http"})
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


def batch_only() -> Response:
    """Other methods at the address of the batch: a pass with the id `batch` is not reached over HTTP."""
    if request.method == "OPTIONS":
        return Response(headers={"Allow": "OPTIONS, POST"})
    raise MethodNotAllowed(["OPTIONS", "POST"])


def shown(one: Pass | dict[str, Any]) -> dict[str, Any]:
    """A pass with all fields, also empty ones."""
    if isinstance(one, dict):
        one = msgspec.convert(one, Pass)
    return msgspec.structs.asdict(one)


def _pass_answer(one: dict[str, Any], *, created: bool = False) -> Response:
    full = shown(one)
    headers = {"ETag": etag(full["revision"])}
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


def _guarded(pass_id: str, body_revision: int, op: str, change: dict[str, Any]) -> dict[str, Any]:
    """Call the engine with the revision that the client allows; a conflict is 412 or 409, by where it was named."""
    conditions = conditions_of()
    for _ in range(TRIES_MAX):
        expected = body_revision or None
        if conditions:
            expected = _revision_of(pass_id)
            if not conditions.allow(expected) or conditions.is_known(expected):
                raise conditions.failed(pass_id, expected)
            if body_revision not in (0, expected):
                raise _stale(pass_id, body_revision, expected)
        try:
            answer: dict[str, Any] = ask(op, if_revision=expected, **change)
        except RevisionConflictError as error:
            if conditions:
                continue  # it was changed since it was read here: the conditions are asked again
            raise refuse(str(error), error.code, 409) from None
        return answer
    raise refuse(f"Pass {pass_id} is changed again and again; try later.", RevisionConflictError.code, 412)


def _stale(pass_id: str, named: int, present: int) -> Exception:
    """The 409: the headers hold, and `revision` in the body does not."""
    now = f"is at revision {present}" if present else "is not there"
    words = f"Pass {pass_id} {now}, and revision in the body is {named}; read it again and repeat the change."
    return refuse(words, RevisionConflictError.code, 409)


def _revision_of(pass_id: str) -> int:
    """The present revision, 0 without such a pass."""
    try:
        return services().readers.registry().get(pass_id).revision
    except NotFoundError:
        return 0


def _too_large() -> Exception:
    return refuse(
        f"A batch takes at most {BATCH_MAX} passes and {BATCH_BYTES} bytes; send it in parts, or"
        " use: gatehouse passes import",
        "too_large",
        413,
    )
