"""Cameras of the network by WS-Discovery, which ONVIF cameras answer: one question to all, and no camera is changed.

A camera pushes its plates to the gateway, so a device of it has no wire: what was heard says where it is. (WS-Discovery
1.1; ONVIF Core Specification, 7.)
"""

from __future__ import annotations

import html
import re
import socket
import time
import uuid
from urllib.parse import unquote, urlsplit

import msgspec

GROUP = ("239.255.255.250", 3702)
WAIT_S = 3.0
CAMERAS_MAX = 64
_ANSWER_BYTES = 65_535
_PROBE = """\
<?xml version="1.0" encoding="UTF-8"?>
<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" \
xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:n="http://www.onvif.org/ver10/network/wsdl"><e:Header>\
<w:MessageID>uuid:{id}</w:MessageID><w:To e:mustUnderstand="true">urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To>\
<w:Action e:mustUnderstand="true">http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action></e:Header>\
<e:Body><d:Probe><d:Types>n:NetworkVideoTransmitter</d:Types></d:Probe></e:Body></e:Envelope>"""
_ADDRESSES = re.compile(r"<(?:[\w-]+:)?XAddrs[^>]*>([^<]*)<")
_SCOPES = re.compile(r"<(?:[\w-]+:)?Scopes[^>]*>([^<]*)<")
_SCOPE = re.compile(r"onvif://www\.onvif\.org/(name|hardware)/(\S+)")


class Camera(msgspec.Struct, frozen=True):
    """A camera that answered: its host, and what it calls itself."""

    host: str
    words: str


def cameras(group: tuple[str, int] = GROUP, wait_s: float = WAIT_S) -> list[Camera]:
    """The cameras that answer, each once; none where the network takes no such question."""
    found: dict[str, Camera] = {}
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
            asking.sendto(_PROBE.format(id=uuid.uuid4()).encode(), group)
            ends_s = time.monotonic() + wait_s
            while (left_s := ends_s - time.monotonic()) > 0 and len(found) < CAMERAS_MAX:
                asking.settimeout(left_s)
                answer, peer = asking.recvfrom(_ANSWER_BYTES)
                camera = camera_of(answer, peer[0])
                if camera is not None:
                    found.setdefault(camera.host, camera)
    except OSError:  # also the end of the time
        pass
    return sorted(found.values(), key=lambda one: one.host)


def camera_of(answer: bytes, peer: str) -> Camera | None:
    """The camera of an answer; None for one that is no answer to the question."""
    text = answer.decode("utf-8", "replace")
    addresses = _ADDRESSES.search(text)
    if addresses is None or "ProbeMatch" not in text:
        return None
    hosts = [urlsplit(one).hostname for one in html.unescape(addresses[1]).split() if one.startswith("http")]
    scopes = _SCOPES.search(text)
    named = dict(reversed(_SCOPE.findall(html.unescape(scopes[1])))) if scopes else {}
    words = " ".join(unquote(named[key]) for key in ("name", "hardware") if key in named)
    return Camera(peer if peer in hosts or not hosts else str(hosts[0]), words[:100])
