"""The safe headers on every answer, added at the WSGI border so that no view, error or stream can miss them.

Everything comes from this origin, nothing may frame it, no page has inline scripts or styles. Caches keep nothing
unless the answer says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
SAFE = [
    ("Content-Security-Policy", POLICY),
    ("X-Content-Type-Options", "nosniff"),
    # Not "no-referrer": a browser then sends `Origin: null` with a form, and the check for other sites would refuse it.
    ("Referrer-Policy", "same-origin"),
    ("X-Frame-Options", "DENY"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), microphone=(), geolocation=()"),
]
_NO_STORE = ("Cache-Control", "no-store")
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def safe_headers(app: Wsgi) -> Wsgi:
    """The application with the safe headers on every answer."""

    def wrapped(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            cached = any(name.lower() == "cache-control" for name, _ in headers)
            more = SAFE if cached else [*SAFE, _NO_STORE]
            return start_response(status, [*headers, *more], *error)

        return app(environ, start)

    return wrapped
