"""The border of the application: proxies, names and what a browser may remember of TLS, before any view."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from gateway.core.settings.model import Http, TlsFiles
from web.front.names import host_name, is_ours
from web.front.peers import PROXIED, believe, is_loopback
from web.front.refusals import refuse
from web.platform.headers import Wsgi
from web.platform.problems import Problem

LOCAL = "gatehouse.local_address"
"""The key in the WSGI environment of the address at which the connection came in."""
ON_TLS = "gatehouse.tls"
"""The key that is true where the web listens for TLS."""
HSTS_S = 30 * 86400


def border(app: Wsgi, settings: Callable[[], Http]) -> Wsgi:
    """The application behind the border; `settings`: `gateway.http` as it is now."""

    def wrapped(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        http = settings()
        believe(environ, http.trusted_proxies)
        name = host_name(environ.get("HTTP_HOST", ""))
        if (problem := _of_host(environ, name, http)) is not None:
            return refuse(problem, environ, start_response)
        if environ.get(ON_TLS) and not _is_safe(environ):
            return _to_https(environ, start_response)
        if not _promises_tls(environ, name, http):
            return app(environ, start_response)

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            return start_response(status, [*headers, ("Strict-Transport-Security", f"max-age={HSTS_S}")], *error)

        return app(environ, start)

    return wrapped


def _of_host(environ: dict[str, Any], name: str, http: Http) -> Problem | None:
    """What is wrong with the `Host` of a request."""
    if "HTTP_HOST" not in environ and environ.get("SERVER_PROTOCOL") == "HTTP/1.0":
        return None
    if not name:
        return Problem(400, "host_invalid", "Send one Host header with the name or address of this gateway.")
    if is_ours(name, http.names, environ.get(LOCAL, "")):
        return None
    return Problem(
        421,
        "host_unknown",
        f"This gateway does not answer to the name {name[:80]!r}. Open it by its address, or add the name to"
        " gateway.http.names in the site file.",
    )


def _is_safe(environ: dict[str, Any]) -> bool:
    """Whether the request cannot be read on its way: TLS, or a program on this machine."""
    return environ["wsgi.url_scheme"] == "https" or (is_loopback(environ["REMOTE_ADDR"]) and not environ[PROXIED])


def _to_https(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Send a browser that asks for a page to https; refuse everything else, which may hold secrets already."""
    if environ["REQUEST_METHOD"] in ("GET", "HEAD") and "HTTP_AUTHORIZATION" not in environ:
        place = f"https://{environ['HTTP_HOST']}{environ.get('REQUEST_URI', environ['PATH_INFO'])}"
        start_response("308 Permanent Redirect", [("Location", place), ("Content-Length", "0")])
        return []
    return refuse(
        Problem(403, "https_needed", "Send this by https: what came now was readable on the way."),
        environ,
        start_response,
    )


def _promises_tls(environ: dict[str, Any], name: str, http: Http) -> bool:
    """Whether the browser may insist on TLS from now on: at a configured name with a certificate that is trusted."""
    own = isinstance(http.tls, TlsFiles) and not environ[PROXIED]
    return own and environ["wsgi.url_scheme"] == "https" and name in {one.lower() for one in http.names}
