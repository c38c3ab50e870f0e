"""The settings over HTTP, as `gatehouse site` handles them, by tokens with `site:read` and `site:write`.

The body of `GET /site` and of a draft is a site file. A token never sees or changes operators, stations and the address
of the web. `If-Match` with the ETag of `GET /site` guards against a change by another author in between.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from flask import Response, request

from gateway.core.settings.remedies import faults
from gateway.core.vocabulary.errors import ConflictError, SettingsError
from web.api.answers import json_answer, now_text
from web.api.conditions import conditions_of, etag
from web.api.requests import body, identifier, only, refuse
from web.people.auth import current_token, require_scope
from web.platform.problems import Problem
from web.platform.services import ask

# One line of the control socket holds 1 MiB, also for the rest of the request.
SITE_BYTES = 900_000
CONFIRM_MAX_S = 3_600
PLAN_TIMEOUT_S = 20.0
APPLY_TIMEOUT_S = 30.0
PATIENCE_S = 5
"""How long an answer waits for lanes to come to rest; the change goes on after that."""


class ApplyWanted(msgspec.Struct, forbid_unknown_fields=True):
    """The body of an apply: the time to confirm in seconds, 0 for none; the usual one without it."""

    confirm_s: Annotated[int, msgspec.Meta(ge=0, le=CONFIRM_MAX_S)] | None = None


class Nothing(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a call that needs none; an object without keys is none too."""


@require_scope("site:read")
def get_site() -> Response:
    """`GET /site`: a site file, without PINs, secrets and what a token never sees."""
    only()
    found = ask("site.get", by_token=True)
    headers = {"ETag": etag(found["version"])}
    if conditions_of().is_known(found["version"]):
        return Response(status=304, headers=headers)
    return json_answer(found["site"], headers=headers)


@require_scope("site:read")
def site_versions() -> Response:
    """`GET /site/versions`: the newest first."""
    only()
    return json_answer({"items": ask("site.history"), "as_of": now_text()})


@require_scope("site:write")
def make_draft() -> Response:
    """`POST /site/drafts`: checked, and told what it would change; 422 with every fault."""
    only()
    if (request.content_length or 0) > SITE_BYTES:
        raise refuse(f"A site file has at most {SITE_BYTES} bytes.", "too_large", 413)
    document, seen = body(dict[str, Any]), _seen()
    try:
        draft = ask(
            "site.draft",
            timeout_s=PLAN_TIMEOUT_S,
            document=document,
            base=seen,
            by_token=True,
            by=current_token().name,
            via="http",
        )
    except SettingsError as error:
        raise _unfit(error, document) from None
    except ConflictError as error:
        raise refuse(str(error), error.code, 412 if seen is not None else 409) from None
    return json_answer(draft, 201)


@require_scope("site:write")
def apply_draft(draft: str) -> Response:
    """`POST /site/drafts/{id}/apply`: 202 while lanes that change are not at rest; ask again for the outcome."""
    only()
    identifier(draft, "draft")
    wanted = body(ApplyWanted, optional=True)
    try:
        done = ask(
            "site.draft.apply",
            timeout_s=APPLY_TIMEOUT_S,
            draft=draft,
            confirm_s=wanted.confirm_s,
            patience_s=PATIENCE_S,
            by=current_token().name,
            via="http",
        )
    except SettingsError as error:
        raise _unfit(error, None) from None
    return json_answer(done, 202 if done["state"] == "waiting" else 200)


@require_scope("site:write")
def confirm_draft(draft: str) -> Response:
    """`POST /site/drafts/{id}/confirm`: the applied draft holds for good."""
    only()
    identifier(draft, "draft")
    body(Nothing, optional=True)
    return json_answer(ask("site.draft.confirm", draft=draft, by=current_token().name, via="http"))


@require_scope("site:write")
def discard_draft(draft: str) -> Response:
    """`POST /site/drafts/{id}/discard`: forgotten; if it waits to be confirmed, the settings go back."""
    only()
    identifier(draft, "draft")
    body(Nothing, optional=True)
    ask("site.draft.discard", timeout_s=APPLY_TIMEOUT_S, draft=draft, by=current_token().name, via="http")
    return Response(status=204)


def _seen() -> int | None:
    """The version that the author has seen by `If-Match`; None without a condition that names one."""
    conditions = conditions_of()
    if not conditions:
        return None
    holds: int = ask("site.get", by_token=True)["version"]
    if conditions.is_known(holds):
        raise refuse(f"Version {holds} holds, which If-None-Match excludes.", ConflictError.code, 412)
    if conditions.match is None or holds in conditions.match:
        return holds
    return max(conditions.match, default=0)


def _unfit(error: SettingsError, document: Any) -> Problem:
    found = msgspec.to_builtins(faults(error.problems, document))
    return refuse(str(error), error.code, 422, problems=found)
