"""PINs, tokens, and secrets of the site document."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.core.vocabulary.errors import NotFoundError
from gateway.store.settings.secrets import TokenError, Tokens, check_pin, hash_pin, seal, unseal
from gateway.store.times import parse_wall_ns
from tests.conftest import WORK_IN_THE_FIELD


def test_a_pin_fits_its_hash_and_no_other() -> None:
    pin_hash = hash_pin("2468")
    assert check_pin("2468", pin_hash)
    assert not check_pin("2469", pin_hash)
    assert "2468" not in pin_hash


def test_a_hash_takes_the_work_that_so_short_a_secret_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.store.settings.secrets._SCRYPT_N", WORK_IN_THE_FIELD)
    pin_hash = hash_pin("2468")
    assert pin_hash.startswith("scrypt$16384$8$1$")
    assert check_pin("2468", pin_hash)
    assert not check_pin("2469", pin_hash)


def test_two_hashes_of_one_pin_differ() -> None:
    assert hash_pin("2468") != hash_pin("2468")


@pytest.mark.parametrize(
    "pin_hash",
    ["", "2468", "scrypt$x", "md5$1$1$1$AA==$AA==", "scrypt$3$8$1$AA==$AA==", "scrypt$2$8$1$?$!"],
)
def test_a_hash_that_cannot_be_read_fits_nothing(pin_hash: str) -> None:
    assert check_pin("2468", pin_hash) is False


@pytest.fixture
def tokens(tmp_path: Path) -> Tokens:
    return Tokens(tmp_path / "tokens.json")


def test_a_token_is_known_by_its_secret_until_it_is_revoked(tokens: Tokens) -> None:
    token_id, secret = tokens.create("central", ["events:read", "state:read"])
    found = tokens.check(secret)
    assert found is not None
    assert (found.id, found.name, found.scopes) == (token_id, "central", ("events:read", "state:read"))
    assert found.allows("events:read")
    assert not found.allows("lanes:command")
    assert tokens.revoke(token_id) == (token_id,)
    assert tokens.check(secret) is None


def test_a_secret_begins_with_gh_and_is_stored_nowhere(tokens: Tokens, tmp_path: Path) -> None:
    _, secret = tokens.create("central", ["metrics"])
    assert secret.startswith("gh_")
    assert secret not in (tmp_path / "tokens.json").read_text()
    assert (tmp_path / "tokens.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("forged", ["", "gh_", "gh_AAAA", "central"])
def test_a_forged_secret_is_none(tokens: Tokens, forged: str) -> None:
    tokens.create("central", ["metrics"])
    assert tokens.check(forged) is None


def test_a_token_ends_when_it_was_said_to(tokens: Tokens) -> None:
    _, secret = tokens.create("central", ["metrics"], "2027-01-01T00:00:00Z")
    end_ns = parse_wall_ns("2027-01-01T00:00:00Z")
    assert tokens.check(secret, end_ns - 1) is not None
    assert tokens.check(secret, end_ns) is None


@pytest.mark.parametrize("name", ["a", "A", "\uff41"])
def test_a_name_that_is_taken_is_refused_with_the_token_that_has_it(tokens: Tokens, name: str) -> None:
    token_id, _ = tokens.create("a", ["metrics"])
    with pytest.raises(TokenError, match=f"is taken by token {token_id} .*gatehouse token revoke {token_id}"):
        tokens.create(name, ["metrics"])
    assert len(tokens.list()) == 1
    tokens.revoke("a")
    tokens.create(name, ["metrics"])


@pytest.mark.parametrize("name", ["13800138000", "central 12345678", " central", "-x", "../x"])
def test_a_name_that_may_not_be_journaled_is_refused(tokens: Tokens, name: str) -> None:
    with pytest.raises(TokenError, match=r"^name (begins|holds)"):
        tokens.create(name, ["metrics"])
    assert tokens.list() == ()


def test_a_name_revokes_its_token(tokens: Tokens) -> None:
    for name in ("a", "b"):
        tokens.create(name, ["metrics"])
    assert len(tokens.revoke("a")) == 1
    assert [token.name for token in tokens.list()] == ["b"]
    with pytest.raises(NotFoundError):
        tokens.revoke("a")


def test_a_name_that_tokens_of_an_earlier_version_share_revokes_none(tokens: Tokens, tmp_path: Path) -> None:
    first, second, other = (tokens.create(name, ["metrics"])[0] for name in ("aaaa", "bbbb", "cccc"))
    path = tmp_path / "tokens.json"
    path.write_text(path.read_text().replace('"bbbb"', '"aaaa"'))
    with pytest.raises(TokenError, match=f"2 tokens are named 'aaaa'; give the id: {first}, {second}"):
        tokens.revoke("aaaa")
    assert tokens.revoke(second) == (second,)
    assert tokens.revoke("aaaa") == (first,)
    assert [token.id for token in tokens.list()] == [other]


def test_another_process_sees_a_new_and_a_revoked_token(tokens: Tokens, tmp_path: Path) -> None:
    web = Tokens(tmp_path / "tokens.json")
    assert web.check("gh_x") is None
    token_id, secret = tokens.create("central", ["metrics"])
    assert web.check(secret) is not None
    tokens.revoke(token_id)
    assert web.check(secret) is None


@pytest.mark.parametrize(
    ("name", "scopes", "expires_at"),
    [
        ("a", [], ""),
        ("a", ["all"], ""),
        ("", ["metrics"], ""),
        ("a", ["metrics"], "tomorrow"),
        ("a", ["metrics"], "2027-01-01T00:00:00"),
        ("a", ["metrics"], "9999-12-31T23:59:59-12:00"),
        ("a", ["metrics"], "2016-12-31T23:59:60Z"),
    ],
)
def test_a_token_cannot_be_made_with_words_that_mean_nothing(
    tokens: Tokens, name: str, scopes: list[str], expires_at: str
) -> None:
    with pytest.raises(TokenError):
        tokens.create(name, scopes, expires_at)


@pytest.mark.parametrize(
    ("text", "good"), [("9999-12-31T23:59:59-12:00", True), ("soon", False), ("0001-01-01T00:00:00+14:00", False)]
)
def test_an_end_that_an_older_version_stored_ends_a_token_or_never_does(
    tokens: Tokens, tmp_path: Path, text: str, good: bool
) -> None:
    _, secret = tokens.create("central", ["metrics"], "2027-01-01T00:00:00Z")
    path = tmp_path / "tokens.json"
    path.write_text(path.read_text().replace("2027-01-01T00:00:00Z", text))
    assert (Tokens(path).check(secret) is not None) == good


DOCUMENT = {
    "operators": [{"name": "Lin", "role": "guard", "pin": "2468"}],
    "devices": [{"id": "r", "driver": "osdp", "key": "00ff"}, {"id": "m", "driver": "modbus"}],
    "uplink": {"mqtt": {"host": "h", "password": "p", "key": "/etc/client.key"}},
}


def test_sealing_takes_every_secret_out_and_leaves_the_rest() -> None:
    sealed, taken = seal(DOCUMENT)
    assert taken == {"uplink.mqtt.password": "p", "devices.r.key": "00ff"}
    assert sealed["uplink"] == {"mqtt": {"host": "h", "key": "/etc/client.key"}}
    assert sealed["devices"] == [{"id": "r", "driver": "osdp"}, {"id": "m", "driver": "modbus"}]
    assert check_pin("2468", sealed["operators"][0]["pin_hash"])
    assert "pin" not in sealed["operators"][0]
    assert DOCUMENT["operators"][0]["pin"] == "2468"  # type: ignore[index]


def test_unsealing_puts_back_what_a_process_must_know() -> None:
    sealed, taken = seal(DOCUMENT)
    opened = unseal(sealed, taken)
    assert opened["uplink"] == DOCUMENT["uplink"]
    assert opened["devices"] == DOCUMENT["devices"]


def test_a_secret_that_a_document_gives_itself_is_newer_than_the_kept_one() -> None:
    _, taken = seal(DOCUMENT)
    newer = {"devices": [{"id": "r", "driver": "osdp", "key": "ff00"}]}
    assert unseal(newer, taken) == newer


@pytest.mark.parametrize("document", [{}, {"uplink": None, "operators": 7, "devices": [3]}])
def test_sealing_minds_nothing_that_is_not_there(document: dict[str, object]) -> None:
    assert seal(document) == (document, {})
