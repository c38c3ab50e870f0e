"""A camera's last message and picture at the bench, whether the message counts or not."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from gateway.core.plates.last_message import PICTURE_MAX, TEXT_MAX, Looked, look_at, look_at_bytes
from gateway.store.settings.secrets import Tokens
from tests.engine.settings.conftest import SITE, Box
from tests.web_installer.conftest import PEOPLE, Desk
from web.live.cameras import CAMERAS_MAX, KEPT_S, PICTURES_MAX, Cameras
from web.platform.app import create_app

JPEG = base64.b64encode(b"\xff\xd8\xff" + bytes(range(256)) * 4).decode()


@pytest.fixture
def box(tmp_path: Path, quick: None) -> Iterator[Box]:
    camera = {"id": "camera-in", "driver": "plate-http", "plate": "car.plate"}
    found = Box(tmp_path / "data", {**SITE, "operators": PEOPLE, "devices": [*SITE["devices"], camera]})
    yield found
    found.stop()


@pytest.fixture
def client(box: Box) -> FlaskClient:
    return create_app(box.directory.path).test_client()


@pytest.fixture
def token(box: Box) -> str:
    return Tokens(box.directory.path / "secrets" / "tokens.json").create("camera", ["plates:push"], "")[1]


def push(client: FlaskClient, token: str, **body: Any) -> int:
    return client.post(f"/hooks/plates/camera-in?token={token}", json=body).status_code


def shown(ana: Desk) -> dict[str, Any]:
    found: dict[str, Any] = ana.get("/installer/devices/camera-in/news").get_json()["message"]
    return found


def test_before_the_first_message_the_page_says_where_to_push(ana: Desk) -> None:
    assert "/hooks/plates/" in ana.text("/installer/devices/camera-in")
    assert ana.get("/installer/devices/camera-in/picture").status_code == 404


def test_a_message_is_shown_with_its_picture_apart(ana: Desk, token: str) -> None:
    assert push(ana.client, token, car={"plate": "粤B12345"}, image=JPEG) == 200
    found = shown(ana)
    assert "粤B12345" in found["text"]
    assert "(picture, 1 kB)" in found["text"]
    assert JPEG not in found["text"]
    picture = ana.get("/installer/devices/camera-in/picture")
    assert (picture.content_type, picture.data) == ("image/jpeg", base64.b64decode(JPEG))
    assert found["mark"] in ana.get("/installer/devices/camera-in").get_data(as_text=True)


def test_a_message_without_a_plate_at_its_path_is_shown_too(ana: Desk, token: str) -> None:
    push(ana.client, token, plate="粤B12345")
    assert '"plate": "粤B12345"' in shown(ana)["text"]


def test_what_is_no_json_is_shown_as_it_came(ana: Desk, token: str) -> None:
    answer = ana.client.post(f"/hooks/plates/camera-in?token={token}", data=b"hello\x01{")
    assert answer.status_code == 400
    assert shown(ana)["text"] == "hello·{"


def test_a_push_counts_while_the_bench_does_not_answer(
    ana: Desk, box: Box, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(box.engine._bench, "handle", lambda *_: (_ for _ in ()).throw(RuntimeError))
    assert push(ana.client, token, car={"plate": "粤B12345"}) == 200


# ---- pure ----------------------------------------------------------------------------------------------------------


def test_secrets_in_a_message_are_hidden() -> None:
    text = look_at({"camera": {"Password": "hunter2", "apiKey": "k1"}, "plate": "B1"}).text
    assert "hunter2" not in text
    assert "k1" not in text
    assert "B1" in text


@pytest.mark.parametrize(
    "document",
    [
        [["x" * 1_000] * 1_000] * 1_000,
        {str(number): "y" * 10_000 for number in range(10_000)},
        {"a": {"b": {"c": [None, True, 1.5, "z"]}}},
        "text",
        None,
    ],
)
def test_whatever_a_camera_sends_is_bounded(document: Any) -> None:
    assert len(look_at(document).text) <= TEXT_MAX + 2


def test_bytes_are_bounded_and_readable() -> None:
    assert len(look_at_bytes(bytes(range(256)) * 100).text) <= TEXT_MAX
    assert look_at_bytes(b"\x1b[2J").text == "·[2J"


def test_a_picture_that_is_too_large_is_not_kept() -> None:
    assert look_at({"image": "/9j/" + "A" * PICTURE_MAX}).picture == ""
    assert look_at({"image": "data:image/jpeg;base64," + JPEG}).picture == JPEG


class Time:
    """Time that is moved by hand."""

    def __init__(self) -> None:
        self.s = 1000.0

    def __call__(self) -> float:
        return self.s


def test_pictures_are_forgotten_after_a_while() -> None:
    time = Time()
    cameras = Cameras(time)
    cameras.keep("in", Looked("", JPEG))
    time.s += KEPT_S
    assert cameras.picture("in") is not None
    time.s += 1
    assert (cameras.picture("in"), cameras.mark("in")) == (None, "")


def test_pictures_are_bounded_in_number_and_size() -> None:
    cameras = Cameras(Time())
    for number in range(2 * CAMERAS_MAX):
        cameras.keep(f"c{number}", Looked("", JPEG))
    assert [number for number in range(2 * CAMERAS_MAX) if cameras.mark(f"c{number}")] == list(
        range(CAMERAS_MAX, 2 * CAMERAS_MAX)
    )
    for number in range(8):
        cameras.keep(f"big{number}", Looked("", "/9j/" + "A" * (PICTURES_MAX // 4)))
    assert len([number for number in range(8) if cameras.mark(f"big{number}")]) == 3


def test_what_is_no_picture_is_not_served() -> None:
    cameras = Cameras(Time())
    cameras.keep("in", Looked("", base64.b64encode(b"<svg onload=alert(1)>").decode()))
    assert cameras.picture("in") is None
    cameras.keep("in", Looked("", "!!!"))
    assert cameras.picture("in") is None
