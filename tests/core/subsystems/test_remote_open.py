"""Opening from afar: the site may require that an identity was checked, and how is on record."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.settings.site_file import parse_settings
from gateway.core.vocabulary.errors import SettingsError
from tests.core.playbook import Playbook, site_document


def play(identity: str | None = "required") -> Playbook:
    return Playbook({**site_document(), **({"remote_open": {"identity": identity}} if identity else {})})


def from_afar(one: Playbook, command: str = "open", via: str = "http", **detail: Any) -> tuple[str, str]:
    later = one.wall_ns + 60_000_000_000
    reply = one.person(command, via=via, by="Zhao", expires_wall_ns=later, detail=detail)
    return reply.status, reply.reason


@pytest.mark.parametrize("via", ["http", "mqtt", "browser"])
@pytest.mark.parametrize("checked", ["number_on_file", "camera", "post"])
def test_a_checked_identity_opens_and_is_on_record(via: str, checked: str) -> None:
    one = play()
    assert from_afar(one, via=via, identity_checked=checked) == ("done", "")
    assert one.data("access.granted")["identity_checked"] == checked


@pytest.mark.parametrize("via", ["http", "mqtt", "browser"])
@pytest.mark.parametrize(
    "detail", [{}, {"identity_checked": "none"}, {"identity_checked": True}, {"identity_checked": 1}]
)
def test_without_one_nothing_opens(via: str, detail: dict[str, Any]) -> None:
    one = play()
    assert from_afar(one, via=via, **detail) == ("refused", "identity_needed")
    assert one.types("access") == [] and one.outputs == []


@pytest.mark.parametrize("identity", [None, "asked"])
def test_where_it_is_only_asked_for_an_open_without_one_is_taken(identity: str | None) -> None:
    one = play(identity)
    assert from_afar(one) == ("done", "")
    assert "identity_checked" not in one.data("access.granted")


def test_a_person_on_the_spot_needs_none() -> None:
    assert play().person("open").status == "done"


@pytest.mark.parametrize("command", ["stop", "hold"])
def test_other_commands_need_none(command: str) -> None:
    assert from_afar(play(), command) == ("done", "")


def test_what_keeps_the_lane_from_opening_is_said_first() -> None:
    one = play()
    one.person("lock")
    assert from_afar(one) == ("refused", "lane_locked")


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"identity": "maybe"}, "remote_open.identity"),
        ({"who": 1}, "remote_open.who"),
        ([], "remote_open"),
        (None, "remote_open"),
        ("required", "remote_open"),
    ],
)
def test_a_wrong_setting_is_named(value: Any, path: str) -> None:
    document = {**site_document(), "remote_open": value}
    with pytest.raises(SettingsError) as wrong:
        parse_settings(document)
    assert [where for where, _ in wrong.value.problems] == [path]
