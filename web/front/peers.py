"""Where a request comes from: straight from its peer, or through a proxy.

Only a proxy that `gateway.http.trusted_proxies` names is believed: its `X-Forwarded-For`, `-Proto` and `-Host` replace
the address, the scheme and the name of the request. From everybody else these headers mean only that a proxy has
forwarded the request, so that it may come from anywhere. So does HTTP/1.0, which no browser speaks and proxies do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

PROXIED = "gatehouse.proxied"
"""The key in the WSGI environment that is true for a request that came through a proxy."""
OWN = "gatehouse.own"
"""The key that is true for a booth's own screen, a camera or another known address, and not through a proxy."""
# The names that proxies and networks in front of servers give the address of a client; no browser sends one.
_SIGN = re.compile(
    r"HTTP_(?:VIA|CDN_LOOP|(?:.*_)?FORWARDED(?:_.*)?|X_ENVOY_.*|(?:.*_)?(?:CLIENT|USER|PROXYUSER|REAL|REMOTE|SOURCE|PEER"
    r"|ORIGINATING|EXTERNAL|CONNECTING)_?(?:IP|IPV6|ADDR|ADDRESS|HOST))"
)
Address = IPv4Address | IPv6Address


def address(text: str) -> Address | None:
    """An IP address, IPv4 within IPv6 as IPv4; None for what is none."""
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def is_among(found: Address | None, networks: Iterable[str]) -> bool:
    """Whether an address is one of these, or in one of these networks."""
    try:
        return found is not None and any(found in ip_network(network, strict=False) for network in networks)
    except ValueError:
        return False


def is_loopback(peer: str) -> bool:
    """Whether a peer is a program on this machine."""
    found = address(peer)
    return found is not None and found.is_loopback


def forwarded(environ: Mapping[str, Any]) -> bool:
    """Whether a proxy has left a sign."""
    if environ.get("SERVER_PROTOCOL") == "HTTP/1.0":
        return True
    return any(_SIGN.fullmatch(key) for key in environ if key.startswith("HTTP_"))


def believe(environ: dict[str, Any], trusted: tuple[str, ...]) -> None:
    """Mark a request that came through a proxy; take over what a trusted one says of it."""
    is_trusted = is_among(address(environ.get("REMOTE_ADDR", "")), trusted)
    environ[PROXIED] = is_trusted or forwarded(environ)
    if not is_trusted:
        return
    if client := _client(environ.get("HTTP_X_FORWARDED_FOR", ""), trusted):
        environ["REMOTE_ADDR"] = environ["REMOTE_HOST"] = client
    scheme = _last(environ.get("HTTP_X_FORWARDED_PROTO", "")).lower()
    if scheme in ("http", "https"):
        environ["wsgi.url_scheme"] = scheme
    if host := _last(environ.get("HTTP_X_FORWARDED_HOST", "")):
        environ["HTTP_HOST"] = host


def _client(chain: str, trusted: tuple[str, ...]) -> str:
    """The nearest address of the chain that is no trusted proxy; "" for none. What is before it anybody may write."""
    for text in reversed(chain.split(",")):
        found = address(_bare(text.strip()))
        if found is None:
            return ""
        if not is_among(found, trusted):
            return str(found)
    return ""


def _bare(text: str) -> str:
    """An address without its port and brackets."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text


def _last(values: str) -> str:
    return values.rpartition(",")[2].strip()
