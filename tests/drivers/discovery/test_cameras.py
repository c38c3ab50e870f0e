"""Cameras of the network: asked by one question, known by their answer, and web servers at an address."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from drivers.discovery.cameras import Camera, camera_of, cameras
from drivers.discovery.places import Place
from drivers.discovery.search import on_the_network, search

ANSWER = """<?xml version="1.0"?><s:Envelope><s:Body><d:ProbeMatches><d:ProbeMatch>
<d:Types>dn:NetworkVideoTransmitter</d:Types>
<d:Scopes>onvif://www.onvif.org/type/video onvif://www.onvif.org/name/Gate%201 onvif://www.onvif.org/hardware/LPR-7
</d:Scopes><d:XAddrs>http://192.168.1.64/onvif/device_service http://[fe80::1]/onvif</d:XAddrs>
</d:ProbeMatch></d:ProbeMatches></s:Body></s:Envelope>"""


@contextmanager
def answering(*answers: bytes) -> Iterator[tuple[str, int]]:
    """A host that answers the question, where the group would be."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far:
        far.bind(("127.0.0.1", 0))
        asked: list[bytes] = []

        def answer() -> None:
            question, peer = far.recvfrom(65_535)
            asked.append(question)
            for one in answers:
                far.sendto(one, peer)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield far.getsockname()
        thread.join(5)
        assert b"Probe" in asked[0] and b"NetworkVideoTransmitter" in asked[0]


def test_a_camera_says_where_it_is_and_what_it_is_called() -> None:
    with answering(ANSWER.encode(), ANSWER.encode(), b"noise") as group:
        assert cameras(group, 0.3) == [Camera("192.168.1.64", "Gate 1 LPR-7")]


def test_a_network_that_takes_no_question_has_no_cameras() -> None:
    assert cameras(("256.0.0.1", 1), 0.1) == []


@pytest.mark.parametrize("answer", [b"", b"\xff\xfe", b"<ProbeMatch>", b"<XAddrs>http://a</XAddrs>"])
def test_what_is_no_answer_is_no_camera(answer: bytes) -> None:
    assert camera_of(answer, "10.0.0.9") is None


def test_an_answer_without_an_address_of_its_own_is_known_by_its_sender() -> None:
    assert camera_of(b"<d:ProbeMatch><d:XAddrs></d:XAddrs>", "10.0.0.9") == Camera("10.0.0.9", "")


def test_cameras_become_devices_that_push() -> None:
    found = on_the_network([Camera("10.0.0.8", ""), Camera("10.0.0.9", "Gate")], ["camera-1"])
    assert [one.device["id"] for one in found] == ["camera-2", "camera-3"]
    assert "10.0.0.9 (Gate)" in found[1].heard and "/hooks/plates/camera-3" in found[1].heard
    assert not any(one.sure for one in found)


class _Page(BaseHTTPRequestHandler):
    server_version = "CameraWeb/2.1"
    methods: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.methods.append(self.command)
        self.send_response(401)
        self.end_headers()

    def log_message(self, *_values: object) -> None:
        pass


def test_a_web_server_at_an_address_may_be_a_camera() -> None:
    _Page.methods.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    place = Place(host="127.0.0.1", tcp_port=server.server_port)
    [found], silent = search([place], lambda _words: None, listen_s=0.1, units=(1,), answer_ms=300)
    server.shutdown()
    server.server_close()
    assert silent == []
    assert found.device == {"id": "camera-1", "driver": "plate-http"} and not found.sure
    assert "CameraWeb/2.1" in found.heard
    assert _Page.methods == ["GET"]
