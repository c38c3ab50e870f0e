"""Authentication: people by name and PIN with a session cookie, programs by bearer token.

For views: `current_operator`, `require_operator`, `sign_in`, `sign_out`, `confirm_pin`, `csrf_token` for people,
`require_scope` and `current_token` for programs. A token counts only under `/api/`, `/hooks/` and `/metrics`, a cookie
only elsewhere, so neither can stand in for the other.
"""

from __future__ import annotations

import contextlib
import functools
import hmac
import logging
import threading
from collections.abc import Callable, Collection, Iterator
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from flask import Response, after_this_request, g, redirect, request

from gateway.core.settings.roles import SCOPES, Right, Role, roles_with
from gateway.core.vocabulary.errors import GatehouseError
from gateway.store.settings.secrets import Token, check_pin, hash_pin
from web.people import audit
from web.people.operators import Operator
from web.people.parking import KEPT_S
from web.people.sessions import SHIFT_S, form_token
from web.people.stations import current_station, is_proxied
from web.platform.problems import Problem, wants_json
from web.platform.services import Services, ask, services

COOKIE = "gatehouse"
FORM_COOKIE = "gatehouse_form"
"""Which kept form is this browser's."""
CSRF_FIELD = "csrf"
CSRF_HEADER = "X-CSRF-Token"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# A PIN check takes 16 MB and tens of milliseconds on purpose. Sign-ins come one at a time (`web.front.workers`), so a
# flood of them leaves the second place to a guard who confirms an order.
PIN_PATIENCE_S = 1.0
PIN_MAX = 64
_pin_checks = threading.BoundedSemaphore(2)
_log = logging.getLogger(__name__)
_View = TypeVar("_View", bound=Callable[..., Any])


# ---- people --------------------------------------------------------------------------------------


def session_token() -> str:
    """The session cookie's value as sent, "" without one."""
    return request.cookies.get(COOKIE, "")


def operator_of(held: Services, token: str) -> Operator | None:
    """The operator of a valid session token; needs no request."""
    return held.sessions.find(token) if token else None


def current_operator() -> Operator | None:
    """The operator who is signed in on this request; None without one."""
    if "operator" not in g:
        g.operator = operator_of(services(), session_token())
    found: Operator | None = g.operator
    return found


def signed_in() -> Operator:
    """The signed-in operator; only inside views with `require_operator`."""
    operator = current_operator()
    assert operator is not None
    return operator


def known_station() -> bool:
    """Whether an operator has signed in from this address before, so that its Stop works without a session."""
    return current_operator() is not None or services().lockout.knows(request.remote_addr or "")


def require_operator(right: Right = Right.LOOK, *, keeps: bool = False) -> Callable[[_View], _View]:
    """Only for signed-in operators whose role has a right.

    Pages send the person to `/sign-in`; JSON gets 401 or 403. `keeps`: a form without a session is kept meanwhile.
    """

    def wrap(view: _View) -> _View:
        @functools.wraps(view)
        def guarded(*values: Any, **named: Any) -> Any:
            operator = current_operator()
            if operator is None:
                return (_kept_form() if keeps else None) or _ask_to_sign_in()
            roles = roles_with(right)
            if operator.role not in roles:
                raise Problem(
                    403,
                    "role_missing",
                    f"This is for {' or '.join(roles)}; {operator.name} is {operator.role}.",
                )
            return view(*values, **named)

        guarded.gatehouse_right = right  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return wrap


def _kept_form() -> Any:
    """Keep the form of a session that has ended, and ask its person to sign in again; None where there is none."""
    if wants_json() or request.method != "POST" or request.form.get("act") == "remove":
        return None
    path = request.full_path.rstrip("?")
    kept = services().parking.keep(request.form.get(CSRF_FIELD, ""), path, request.form.items(multi=True))
    if kept is None:
        return None
    key, operator = kept
    answer = redirect(f"/sign-in?name={quote(operator)}&next=/installer/kept", 303)
    answer.set_cookie(
        FORM_COOKIE, key, max_age=KEPT_S, path="/", secure=request.is_secure, httponly=True, samesite="Strict"
    )
    return answer


def _ask_to_sign_in() -> Any:
    if wants_json() or request.method not in _SAFE_METHODS:
        raise Problem(401, "sign_in_required", "Sign in with your name and PIN first.")
    return redirect(f"/sign-in?next={quote(request.full_path.rstrip('?'))}", 303)


def sign_in(name: str, pin: str) -> Operator:
    """Check name and PIN and begin a session on the answer to this request.

    Problem as of `confirm_pin`.
    """
    operator = confirm_pin(name, pin)
    held = services()
    if old := session_token():
        held.sessions.end(old)
    token = held.sessions.create(operator)
    g.operator = operator
    after_this_request(lambda answer: _set_cookie(answer, token))
    _note("operator.signed_in", operator)
    return operator


def sign_out() -> None:
    """End the session of this request and delete the cookie."""
    operator = current_operator()
    if token := session_token():
        services().sessions.end(token)
    g.operator = None
    after_this_request(_drop_cookie)
    if operator is not None:
        _note("operator.signed_out", operator)


def confirm_pin_of(name: str, pin: str, roles: Collection[Role]) -> Operator:
    """The operator of this name and PIN, if of one of these roles; else Problem `pin_wrong` as for a wrong PIN."""
    operator = services().site.operators().get(name)
    if operator is None or operator.role not in roles:
        raise Problem(401, "pin_wrong", "Name and PIN do not go together. Try again.")
    return confirm_pin(name, pin)


def confirm_pin(name: str, pin: str) -> Operator:
    """The operator of this name and PIN, at a sign-in and before something that cannot be undone.

    Raises Problem: 401 `pin_wrong`, or 429 `too_many_attempts`, each with `wait_s` if the next try must wait.
    """
    held = services()
    operator = held.site.operators().get(name)
    known = operator.name if operator is not None else None
    where = _where()
    _must_not_wait(held, known, where)
    with _one_of_few_checks():
        # Checked again: parallel guesses have waited here while the first ones were counted.
        _must_not_wait(held, known, where)
        if operator is None:
            hash_pin("0000")  # as much work as a real check, so that the time reveals no names
        fitting = operator if operator is not None and _fits(pin, operator) else None
        if fitting is None:
            held.lockout.failed(known, *where)
    if fitting is None:
        wait_s = held.lockout.wait_s(known, *where)
        present = current_operator()
        audit.wrong_pin(known, present.name if present is not None else None, *where, wait_s)
        raise _pin_wrong(wait_s)
    held.lockout.succeeded(fitting.name, *where)
    return fitting


def hash_new_pin(pin: str) -> str:
    """The hash of a PIN that is set on a screen; Problem 503 while many PINs are checked."""
    with _one_of_few_checks():
        return hash_pin(pin)


def _where() -> tuple[str, str]:
    """The address of the request, and its station, "" for none."""
    station = current_station()
    return request.remote_addr or "unknown", station.id if station is not None else ""


def _pin_wrong(wait_s: int) -> Problem:
    """A try that makes the next one wait says so."""
    if not wait_s:
        return Problem(401, "pin_wrong", "Name and PIN do not go together. Try again.")
    detail = f"Name and PIN do not go together. Wait {wait_s} s, then try again."
    return Problem(401, "pin_wrong", detail, headers={"Retry-After": str(wait_s)}, wait_s=wait_s)


def _must_not_wait(held: Services, known: str | None, where: tuple[str, str]) -> None:
    if wait_s := held.lockout.wait_s(known, *where):
        raise Problem(
            429,
            "too_many_attempts",
            f"Too many wrong PINs. Wait {wait_s} s, then try again.",
            headers={"Retry-After": str(wait_s)},
            wait_s=wait_s,
        )


@contextlib.contextmanager
def _one_of_few_checks() -> Iterator[None]:
    if not _pin_checks.acquire(timeout=PIN_PATIENCE_S):
        raise Problem(503, "busy", "Many sign in just now. Try again.", headers={"Retry-After": "2"})
    try:
        yield
    finally:
        _pin_checks.release()


def _fits(pin: str, operator: Operator) -> bool:
    if not 0 < len(pin) <= PIN_MAX or not pin.isprintable():
        return False
    return bool(operator.pin_hash) and check_pin(pin, operator.pin_hash)


def _set_cookie(answer: Response, token: str) -> Response:
    answer.set_cookie(
        COOKIE,
        token,
        max_age=SHIFT_S,
        path="/",
        secure=request.is_secure,
        httponly=True,
        samesite="Strict",
    )
    return answer


def _drop_cookie(answer: Response) -> Response:
    answer.delete_cookie(COOKIE, path="/", secure=request.is_secure, httponly=True, samesite="Strict")
    return answer


def _note(kind: str, operator: Operator) -> None:
    """Journal it through the engine; without an engine people can still sign in to see what is wrong."""
    try:
        data = {"by": operator.name, "role": operator.role, "station": _where()[1] or None}
        ask("journal.note", timeout_s=1, type=kind, data=data)
    except (GatehouseError, OSError) as error:
        _log.warning("%s of %s is not in the journal: %s", kind, operator.name, error)


def acquaint(answer: Response) -> Response:
    """Note the address of a request that has shown a session, a station's key or a camera's token."""
    shown = g.get("operator") or g.get("station") or (request.path.startswith("/hooks/") and g.get("token"))
    if shown and not is_proxied():
        services().acquaintances.learn(request.remote_addr or "")
    return answer


# ---- forms ---------------------------------------------------------------------------------------


def csrf_token() -> str:
    """The token for a form's hidden field `csrf` or the header `X-CSRF-Token`; "" without a session."""
    token = session_token()
    if not token:
        return ""
    made = form_token(token)
    if (operator := current_operator()) is not None:
        services().parking.given(made, operator.name)
    return made


def check_csrf() -> None:
    """Refuse unsafe requests that another site makes a browser send; Problem 403.

    With a session the form's token is required; without one (signing in) the origin that the browser sends must not
    be another site. Bearer tokens are never sent by a browser on its own.
    """
    if request.method in _SAFE_METHODS or request.path.startswith(("/api/", "/hooks/")):
        return
    if not _same_origin():
        raise Problem(403, "csrf", "This request came from another site. Open the page again.")
    if current_operator() is None:
        return
    sent = request.headers.get(CSRF_HEADER) or request.form.get(CSRF_FIELD, "")
    if not hmac.compare_digest(sent.encode(), csrf_token().encode()):
        raise Problem(403, "csrf", "The form is not from this session. Load the page again.")


def _same_origin() -> bool:
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.host


# ---- programs ------------------------------------------------------------------------------------


def current_token() -> Token:
    """The token of this request; only inside views with `require_scope`."""
    token: Token = g.token
    return token


def require_scope(scope: str) -> Callable[[_View], _View]:
    """Only with a bearer token that has this scope: 401 without a good token, 403 without the scope."""
    assert scope in SCOPES, f"{scope} is not declared"

    def wrap(view: _View) -> _View:
        @functools.wraps(view)
        def guarded(*values: Any, **named: Any) -> Any:
            check_scope(scope)
            return view(*values, **named)

        guarded.gatehouse_scope = scope  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return wrap


def require_token(view: _View) -> _View:
    """Only with a bearer token, whatever its scopes: 401 without a good one."""

    @functools.wraps(view)
    def guarded(*values: Any, **named: Any) -> Any:
        check_scope(None)
        return view(*values, **named)

    guarded.gatehouse_token = True  # type: ignore[attr-defined]
    return guarded  # type: ignore[return-value]


def check_scope(scope: str | None, secret: str | None = None) -> None:
    """Raise Problem 401 or 403 unless the `secret`, by default this request's bearer token, has the scope.

    None: any good token.
    """
    if secret is None:
        kind, _, given = request.headers.get("Authorization", "").partition(" ")
        secret = given if kind.lower() == "bearer" else ""
    if not secret.strip():
        raise unauthorized("token_missing", "Send a token: Authorization: Bearer gh_...", "")
    token = services().tokens.check(secret.strip())
    if token is None:
        raise unauthorized(
            "token_invalid",
            "This token is unknown, revoked or expired; make one with: gatehouse token create",
            ', error="invalid_token"',
        )
    if scope is not None and not token.allows(scope):
        challenge = f'Bearer realm="gatehouse", error="insufficient_scope", scope="{scope}"'
        raise Problem(
            403,
            "scope_missing",
            f"This token lacks the scope {scope}; make one that has it: gatehouse token create",
            headers={"WWW-Authenticate": challenge},
        )
    g.token = token


def unauthorized(code: str, detail: str, error: str) -> Problem:
    """401 that asks for a bearer token."""
    headers = {"WWW-Authenticate": f'Bearer realm="gatehouse"{error}'}
    return Problem(401, code, detail, headers=headers)
