"""Pictures of cameras over HTTP: listed by event, handed out by id, each look on record first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator

from gateway.core.vocabulary.errors import EngineUnreachableError, GatehouseError, NotFoundError
from gateway.store.directory import DataDirectory
from gateway.store.journal.writer import Journal, Row
from gateway.store.media.pictures import Pictures
from tests.support.engine_stand_in import EngineStandIn
from tests.web_api.conftest import JOURNAL_ID, SITE, START_NS, fails
from tests.web_api.journal.test_history import DESCRIBED, Tokens

S = 1_000_000_000
JPEG = b"\xff\xd8\xff\xe0" + bytes(500)
CAMERAS = [{"id": one, "driver": "snapshot-http", "url": "http://cam/"} for one in ("cam-in", "cam-out")]
LANES = [{"id": "in", "direction": "entry", "cameras": ["cam-in"], "barrier": {"open": "io.output.0"}}]


@pytest.fixture
def pictures(directory: DataDirectory, journal: Journal) -> list[str]:
    """The ids of a picture before a passage, one after it, one much later, and one of another camera."""
    directory.save_site({**SITE, "devices": [{"id": "io", "driver": "noop"}, *CAMERAS], "lanes": LANES})
    journal.append([Row("passage.entered", "lanes/in", {"lane": "in"}, START_NS, 1)])
    kept = Pictures(directory.media, free_min_bytes=0)
    for device, apart_s in (("cam-in", -4), ("cam-in", 3), ("cam-in", 60), ("cam-out", 1)):
        assert kept.keep(device, JPEG, START_NS + apart_s * S)
    return [one.media for one in kept.around(START_NS, 100, {"cam-in", "cam-out"})]


def event(journal: Journal) -> str:
    return f"{JOURNAL_ID}.{journal.last_sequence}"


def test_the_pictures_of_the_lanes_cameras_about_an_event_are_listed(
    client: FlaskClient, token: Tokens, pictures: list[str], journal: Journal
) -> None:
    answer = client.get(f"/api/v1/events/{event(journal)}/pictures", headers=token("media:read"))
    assert [one["media"] for one in answer.json["items"]] == [pictures[0], pictures[2]]
    assert answer.json["items"][0].keys() == {"media", "device", "at", "type"}
    schema = {**DESCRIBED["components"]["schemas"]["Picture"], "components": DESCRIBED["components"]}
    for one in answer.json["items"]:
        Draft202012Validator(schema).validate(one)
    wider = client.get(f"/api/v1/events/{event(journal)}/pictures?within=60", headers=token("media:read"))
    assert len(wider.json["items"]) == 3


def test_a_picture_is_handed_out_once_the_look_at_it_is_on_record(
    client: FlaskClient, token: Tokens, pictures: list[str], engine: EngineStandIn
) -> None:
    engine.answers["media.view"] = lambda _: {"sequence": 7}
    answer = client.get(
        f"/api/v1/media/{pictures[0]}?reason=scratched+car", headers=token("media:read", name="central")
    )
    assert (answer.status_code, answer.content_type, answer.data) == (200, "image/jpeg", JPEG)
    assert answer.headers["Cache-Control"] == "no-store"
    assert engine.calls("media.view") == [
        {"media": pictures[0], "reason": "scratched car", "by": "central", "via": "http"}
    ]


@pytest.mark.parametrize("error", [EngineUnreachableError("away"), NotFoundError("there is no picture")])
def test_a_look_that_cannot_be_noted_shows_nothing(
    client: FlaskClient, token: Tokens, pictures: list[str], engine: EngineStandIn, error: GatehouseError
) -> None:
    engine.answers["media.view"] = fails(error)
    answer = client.get(f"/api/v1/media/{pictures[0]}?reason=x", headers=token("media:read"))
    assert answer.status_code == (503 if isinstance(error, EngineUnreachableError) else 404)
    assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("?reason=", 400),
        ("?reason=+", 400),
        ("?reason=call+13812345678", 422),
        (f"?reason={'x' * 101}", 422),
        ("?why=x", 400),
    ],
)
def test_a_look_needs_a_reason_that_may_stand_in_the_journal(
    client: FlaskClient, token: Tokens, pictures: list[str], engine: EngineStandIn, query: str, status: int
) -> None:
    answer = client.get(f"/api/v1/media/{pictures[0]}{query}", headers=token("media:read"))
    assert answer.status_code == status
    assert engine.calls("media.view") == []


@pytest.mark.parametrize("name", ["nonsense", f"{JOURNAL_ID}.999", "otherjournal.1", f"{JOURNAL_ID}.0"])
def test_an_event_that_is_not_there_is_a_404(
    client: FlaskClient, token: Tokens, pictures: list[str], name: str
) -> None:
    assert client.get(f"/api/v1/events/{name}/pictures", headers=token("media:read")).status_code == 404


def test_another_scope_is_not_enough(client: FlaskClient, token: Tokens, pictures: list[str], journal: Journal) -> None:
    for path in (f"/api/v1/events/{event(journal)}/pictures", f"/api/v1/media/{pictures[0]}?reason=x"):
        assert client.get(path, headers=token("events:read", "state:read")).status_code == 403


def test_a_deleted_picture_is_a_404(
    client: FlaskClient, token: Tokens, pictures: list[str], engine: EngineStandIn, data: Path
) -> None:
    engine.answers["media.view"] = lambda _: {"sequence": 7}
    for path in DataDirectory(data).media.rglob("*.jpg"):
        path.unlink()
    answer: Any = client.get(f"/api/v1/media/{pictures[0]}?reason=x", headers=token("media:read"))
    assert answer.status_code == 404
