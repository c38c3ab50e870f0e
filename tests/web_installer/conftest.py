"""The installer's pages in front of a real engine whose boards are played by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from gateway.store.settings import secrets as secrets_module
from tests.engine.settings.conftest import SITE, Box, until
from web.installer.frame.draft import Draft
from web.people.auth import COOKIE, form_token
from web.platform.app import create_app

PEOPLE = [
    {"name": "Ana", "role": "installer", "pin": "7391"},
    {"name": "Ben", "role": "installer", "pin": "8264"},
    {"name": "Mei", "role": "control_room", "pin": "9173"},
    {"name": "Lin", "role": "guard", "pin": "2468"},
]


class Desk:
    """A browser of a person who is signed in."""

    def __init__(self, client: FlaskClient, name: str) -> None:
        self.client = client
        self.name = name
        self.held = client.application.extensions["gatehouse"]
        self._token = self.held.sessions.create(self.held.site.operators()[name])

    def get(self, path: str) -> TestResponse:
        """Open a page."""
        self.client.set_cookie(COOKIE, self._token)
        return self.client.get(path)

    def is_page(self, path: str) -> bool:
        """Whether there is a page for people at this address; a stream is not read."""
        self.client.set_cookie(COOKIE, self._token)
        answer = self.client.head(path)
        return answer.status_code == 200 and answer.mimetype == "text/html"

    def text(self, path: str) -> str:
        """What a page says, without its marks."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return words_of(answer)

    def post(self, address: str, /, **form: Any) -> TestResponse:
        """Send a form."""
        self.client.set_cookie(COOKIE, self._token)
        return self.client.post(address, data={"csrf": form_token(self._token), **form})

    def draft(self) -> Draft:
        """This person's working draft."""
        return Draft(self.name, self.held.site, self.held.database)

    def edit(self, **parts: Any) -> None:
        """Change parts of the settings, as forms do."""
        draft = self.draft()
        draft.save({**draft.site, **parts})


def words_of(answer: TestResponse) -> str:
    """The words of a page."""
    body = re.sub(r"(?s)<script.*?</script>|<svg.*?</svg>|<[^>]*>", " ", answer.get_data(as_text=True))
    return re.sub(r"\s+", " ", body)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that take no time."""
    monkeypatch.setattr(secrets_module, "_SCRYPT_N", 2)


@pytest.fixture
def box(tmp_path: Path, quick: None) -> Iterator[Box]:
    """An engine whose arms are down."""
    found = Box(tmp_path / "data", {**SITE, "operators": PEOPLE})
    until(lambda: found.lane("in")["arm"] == "closed" and found.lane("out")["arm"] == "closed")
    yield found
    if found.engine is not None:
        found.stop()


@pytest.fixture
def client(box: Box) -> FlaskClient:
    """The web application beside the engine."""
    return create_app(box.directory.path).test_client()


@pytest.fixture
def ana(client: FlaskClient) -> Desk:
    """An installer."""
    return Desk(client, "Ana")


@pytest.fixture
def ben(client: FlaskClient) -> Desk:
    """Another installer."""
    return Desk(client, "Ben")
