"""The settings over HTTP: read, drafted, applied, confirmed and rolled back, with a real engine behind."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from werkzeug.test import TestResponse

from gateway.store.settings import secrets as secrets_module
from tests.engine.settings.conftest import SITE, Box, until
from web.api.site import site as site_module

Tokens = Callable[..., dict[str, str]]
URL = "/api/v1/site"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that take no time."""
    monkeypatch.setattr(secrets_module, "_SCRYPT_N", 2)


@pytest.fixture
def box(tmp_path: Path, quick: None) -> Iterator[Box]:
    """An engine whose arms are down."""
    document = {**SITE, "gateway": {**SITE["gateway"], "http": {"port": 81}}, "stations": [{"id": "booth"}]}
    found = Box(tmp_path / "data", document)
    until(lambda: found.lane("in")["arm"] == "closed")
    yield found
    found.stop()


@pytest.fixture
def data(box: Box) -> Path:
    return box.directory.path


class Central:
    """A program with a token."""

    def __init__(self, client: FlaskClient, headers: dict[str, str]) -> None:
        self._client = client
        self._headers = headers
        self._description = json.loads(Path(site_module.__file__).parents[1].joinpath("openapi.json").read_text())

    def get(self, path: str = "", **headers: str) -> TestResponse:
        """What is read."""
        return self._described("get", path, self._client.get(URL + path, headers={**self._headers, **headers}))

    def post(self, path: str, body: Any = None, **headers: str) -> TestResponse:
        """What is sent."""
        more = {} if body is None else {"json": body}
        answer = self._client.post(URL + path, headers={**self._headers, **headers}, **more)
        return self._described("post", path, answer)

    def draft(self, **parts: Any) -> str:
        """The id of a draft with other parts than now."""
        answer = self.post("/drafts", {**self.get().json, **parts})  # type: ignore[dict-item]
        assert answer.status_code == 201, answer.json
        found: str = answer.json["id"]  # type: ignore[index]
        return found

    def _described(self, method: str, path: str, answer: TestResponse) -> TestResponse:
        """Every answer is as the description says."""
        parts = path.strip("/").split("/")
        name = f"/site/drafts/{{draft}}/{parts[2]}" if len(parts) == 3 else f"/site{path}"
        found = self._description["paths"][name][method]["responses"][str(answer.status_code)]
        if "$ref" in found:
            found = self._description["components"]["responses"][found["$ref"].rpartition("/")[2]]
        if answer.status_code not in (204, 304):
            schema = {**found["content"][answer.mimetype]["schema"], "components": self._description["components"]}
            Draft202012Validator(schema).validate(answer.json)
        return answer


@pytest.fixture
def central(client: FlaskClient, token: Tokens) -> Central:
    return Central(client, token("site:read", "site:write", name="central"))


def named(name: str) -> dict[str, Any]:
    return {"id": "north-court", "name": name, "locale": "en"}


def test_the_settings_are_read_without_what_a_token_never_sees(central: Central) -> None:
    answer = central.get()
    found: Any = answer.json
    assert answer.headers["ETag"] == '"1"'
    assert central.get(**{"If-None-Match": '"1"'}).status_code == 304
    assert central.get(**{"If-None-Match": '"2"'}).status_code == 200
    assert found["gateway"] == SITE["gateway"]
    assert not {"operators", "stations"} & found.keys()
    assert found["lanes"] == SITE["lanes"]


def test_a_draft_is_applied_and_confirmed(box: Box, central: Central) -> None:
    made: Any = central.post("/drafts", {**central.get().json, "site": named("South")}).json  # type: ignore[dict-item]
    assert [(one["path"], one["old"], one["new"]) for one in made["changes"]] == [("site.name", "North Court", "South")]
    assert (made["base"], made["confirm_s"], made["wiring"]) == (1, 90, False)
    applied: Any = central.post(f"/drafts/{made['id']}/apply").json
    assert (applied["version"], applied["state"], applied["by"], applied["via"]) == (2, "pending", "central", "http")
    assert box.call("state")["site"]["name"] == "South"
    confirmed: Any = central.post(f"/drafts/{made['id']}/confirm").json
    assert (confirmed["version"], confirmed["state"]) == (2, "confirmed")
    items: Any = central.get("/versions").json
    assert [(one["version"], one["state"]) for one in items["items"]] == [(2, "confirmed"), (1, "confirmed")]
    assert box.told() == [("applied", 2, "central"), ("confirmed", 2, "central")]
    assert central.get().headers["ETag"] == '"2"'


def test_a_body_names_the_time_to_confirm(box: Box, central: Central) -> None:
    draft = central.draft(site=named("South"))
    assert central.post(f"/drafts/{draft}/apply", {"confirm_s": 0}).json["state"] == "confirmed"  # type: ignore[index]
    for wrong in ({"confirm_s": -1}, {"confirm_s": 3601}, {"confirm_s": "x"}, {"seconds": 1}):
        assert central.post(f"/drafts/{draft}/apply", wrong).status_code == 422


def test_what_is_discarded_goes_back(box: Box, central: Central) -> None:
    draft = central.draft(site=named("South"))
    central.post(f"/drafts/{draft}/apply")
    assert central.post(f"/drafts/{draft}/discard").status_code == 204
    assert box.history() == [(1, "confirmed"), (2, "rolled_back")]
    assert box.call("state")["site"]["name"] == "North Court"
    for verb in ("apply", "confirm", "discard"):
        assert central.post(f"/drafts/{draft}/{verb}").status_code == 404


def test_every_fault_is_listed_with_path_value_and_remedy(box: Box, central: Central) -> None:
    document: Any = central.get().json
    document["lanes"][0]["barrier"]["pulse_ms"] = 7
    document["devices"][0]["driver"] = "nope"
    answer = central.post("/drafts", document)
    found: Any = answer.json
    assert (answer.status_code, answer.mimetype, found["code"]) == (422, "application/problem+json", "settings_invalid")
    assert [(one["path"], one["value"]) for one in found["problems"]] == [
        ("lanes[0].barrier.pulse_ms", 7),
        ("devices[0].driver", "nope"),
    ]
    assert found["problems"][0]["remedy"] == "give a number from 50 to 10000"
    assert box.history() == [(1, "confirmed")]


@pytest.mark.parametrize(
    ("part", "path"),
    [
        ({"operators": []}, "operators"),
        ({"operators": [{"name": "Eve", "role": "installer", "pin": "1234"}]}, "operators"),
        ({"stations": []}, "stations"),
        ({"gateway": {"id": "gw1", "http": {"host": "0.0.0.0", "port": 80}}}, "gateway.http"),
    ],
)
def test_a_token_changes_no_operators_stations_and_web_address(
    box: Box, central: Central, part: dict[str, Any], path: str
) -> None:
    answer = central.post("/drafts", {**central.get().json, **part})  # type: ignore[dict-item]
    found: Any = answer.json
    assert (answer.status_code, [one["path"] for one in found["problems"]]) == (422, [path])
    settings = box.directory.settings()
    assert [one.name for one in settings.operators] == ["Lin"]
    assert (settings.gateway.http.port, settings.stations[0].id) == (81, "booth")


def test_they_are_kept_when_it_applies_a_file_without_them(box: Box, central: Central) -> None:
    draft = central.draft(site=named("South"))
    central.post(f"/drafts/{draft}/apply", {"confirm_s": 0})
    settings = box.directory.settings()
    assert [one.name for one in settings.operators] == ["Lin"]
    assert (settings.site.name, settings.gateway.http.port, settings.stations[0].id) == ("South", 81, "booth")


def test_another_author_is_named(box: Box, central: Central) -> None:
    mine, seen = central.draft(site=named("South")), central.get().headers["ETag"]
    box.apply({**SITE, "site": named("West"), "operators": [], "stations": [{"id": "booth"}]}, by="mei", confirm_s=0)
    late = central.post(f"/drafts/{mine}/apply")
    told: Any = late.json
    assert (late.status_code, told["code"]) == (409, "settings_conflict")
    assert "version 2 by mei at 20" in told["detail"]
    again: Any = central.get().json
    stale = central.post("/drafts", {**again, "site": named("South")}, **{"If-Match": seen})
    assert (stale.status_code, "version 2 by mei" in stale.json["detail"]) == (412, True)  # type: ignore[index]
    for right in ('"2"', '"1", "2"', "*"):
        fresh = central.post("/drafts", {**again, "site": named("South")}, **{"If-Match": right})
        assert fresh.status_code == 201
    excluded = central.post("/drafts", {**again, "site": named("South")}, **{"If-None-Match": '"2"'})
    assert excluded.status_code == 412
    assert central.post("/drafts", again, **{"If-Match": "2 x"}).status_code == 400
    fresh = central.post("/drafts", {**again, "site": named("South")}, **{"If-None-Match": '"1"'})
    assert fresh.status_code == 201


def test_a_version_that_waits_is_named_and_confirmed_by_its_token_alone(
    box: Box, client: FlaskClient, central: Central, token: Tokens
) -> None:
    other = Central(client, token("site:read", "site:write", name="other"))
    draft = central.draft(site=named("South"))
    central.post(f"/drafts/{draft}/apply")
    refused = other.post(f"/drafts/{draft}/confirm")
    assert (refused.status_code, "central" in refused.json["detail"]) == (409, True)  # type: ignore[index]
    theirs = other.draft(site=named("West"))
    waiting = other.post(f"/drafts/{theirs}/apply")
    assert (waiting.status_code, "waits to be confirmed" in waiting.json["detail"]) == (409, True)  # type: ignore[index]
    assert other.post(f"/drafts/{theirs}/confirm").status_code == 409


def test_a_lane_that_is_waited_for_is_told(box: Box, central: Central, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site_module, "PATIENCE_S", 0)
    box.set(approach=True)
    until(lambda: box.lane()["approach"])
    document: Any = central.get().json
    document["lanes"][0]["barrier"]["pulse_ms"] = 900
    draft = central.post("/drafts", document).json["id"]  # type: ignore[index]
    answer = central.post(f"/drafts/{draft}/apply")
    assert (answer.status_code, answer.json) == (
        202, {"draft": draft, "state": "waiting", "waiting": ["lane in: a vehicle is in front of the arm"]},
    )  # fmt: skip
    again = central.post(f"/drafts/{draft}/apply")
    assert (again.status_code, again.json) == (202, answer.json)
    other = central.post("/drafts", central.get().json)
    assert (other.status_code, other.json["code"]) == (503, "busy")  # type: ignore[index]
    box.set(approach=False)
    until(lambda: box.history()[-1] == (2, "pending"))
    until(lambda: central.post(f"/drafts/{draft}/apply").status_code == 200)


@pytest.mark.parametrize("body", [None, [], 7, "x"])
def test_what_is_no_site_file_is_refused(box: Box, central: Central, body: Any) -> None:
    assert central.post("/drafts", body).status_code in (415, 422)
    assert central.post("/drafts", {}).status_code == 422


def test_a_file_that_is_too_large_is_refused(box: Box, central: Central) -> None:
    document = {**central.get().json, "tariffs": ["x" * site_module.SITE_BYTES]}  # type: ignore[dict-item]
    assert central.post("/drafts", document).status_code == 413


@pytest.mark.parametrize("scope", ["site:read", "state:read"])
def test_a_token_that_may_only_read_changes_nothing(box: Box, client: FlaskClient, token: Tokens, scope: str) -> None:
    reader = Central(client, token(scope, name="reader"))
    assert reader.get().status_code == (200 if scope == "site:read" else 403)
    assert reader.post("/drafts", {}).status_code == 403
    for verb in ("apply", "confirm", "discard"):
        assert reader.post(f"/drafts/x/{verb}").status_code == 403


def test_without_an_engine_it_is_said(box: Box, client: FlaskClient, central: Central) -> None:
    box.stop()
    assert central.get().status_code == 503
    assert central.post("/drafts", {"site": {}}).status_code == 503
    box.start()
