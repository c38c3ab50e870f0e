"""The control socket: requests of web, uplink and the command line to the engine.

Newline-delimited JSON over a Unix socket in the data directory. A request is `{"id": 1, "op": "...", ...params}`; the
answer is `{"id": 1, "ok": true, "result": ...}` or `{"id": 1, "ok": false, "error": {"code", "message"}}`. A long op
sends `{"id": 1, "progress": {...}}` lines first; `watch` is answered once and then sends
`{"event": "state", "state": ...}` lines until the connection ends.

`Client` and `Server` are imported on first use, so that a client does not load the server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gateway.control.client import Client
    from gateway.control.server import Responder, Server

__all__ = ["Client", "Responder", "Server"]


def __getattr__(name: str) -> Any:
    if name == "Client":
        from gateway.control.client import Client

        return Client
    if name in ("Server", "Responder"):
        from gateway.control import server

        return getattr(server, name)
    raise AttributeError(name)
