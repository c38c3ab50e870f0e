"""The names of this gateway: what a request may say in `Host`.

A page of another site can make its own name lead here (DNS rebinding), and then a browser takes it for the gateway's.
So only the configured names, the name of this machine, this machine itself and the address at which the connection came
in are answered.
"""

from __future__ import annotations

import re
import socket
from functools import cache

from web.front.peers import address, is_loopback

_HOST = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9._-]+))(?::[0-9]{1,5})?")


def host_name(host: str) -> str:
    """The name or address in a `Host` header, without port, in lower case; "" for a malformed one."""
    found = _HOST.fullmatch(host.strip())
    return (found["v6"] or found["name"]).lower().removesuffix(".") if found else ""


def is_ours(name: str, names: tuple[str, ...], local: str) -> bool:
    """Whether a name from `host_name` is this gateway's; `local`: the address at which the connection came in."""
    if name == "localhost" or name in _machine() or name in {one.lower().removesuffix(".") for one in names}:
        return True
    asked = address(name)
    return asked is not None and (is_loopback(name) or asked == address(local))


@cache
def _machine() -> tuple[str, ...]:
    """The name of this machine, also as mDNS announces it."""
    name = socket.gethostname().lower()
    short = name.partition(".")[0]
    return (name, short, f"{short}.local") if short else ()
