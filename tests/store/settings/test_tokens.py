"""Tokens and PINs: each bound of a name, an end and a number, and what is stored of them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from gateway.core.settings.model import PLATE_MQTT
from gateway.core.vocabulary.errors import DataDirectoryError, NotFoundError
from gateway.store.settings import secrets
from gateway.store.settings.secrets import Token, TokenError, Tokens, Vault, check_pin, seal, unseal
from gateway.store.times import parse_wall_ns

END = "2027-01-01T00:00:00Z"
END_NS = parse_wall_ns(END)


@pytest.fixture
def tokens(tmp_path: Path) -> Tokens:
    return Tokens(tmp_path / "tokens.json")


def ending(expires_at: str) -> Token:
    return Token("i", "n", ("metrics",), "d", "", expires_at)


@pytest.mark.parametrize(
    ("expires_at", "wall_ns", "expired"),
    [
        (END, END_NS - 1, False), (END, END_NS, True), (END, END_NS + 1, True), ("", END_NS, False),
        ("9999-12-31T00:00:00Z", 1 << 62, False), ("9998-12-31T00:00:00Z", 0, False), ("soon", 0, True),
        ("1969-12-31T23:59:59Z", 0, True), ("1970-01-01T00:00:00Z", 0, True), ("1970-01-01T00:00:01Z", 0, False),
    ],
)  # fmt: skip
def test_a_token_is_over_at_its_end(expires_at: str, wall_ns: int, expired: bool) -> None:
    assert ending(expires_at).expired(wall_ns) is expired


def test_a_token_allows_what_it_names() -> None:
    token = ending("")
    assert token.allows("metrics")
    assert not token.allows("events:read")


@pytest.mark.parametrize(("before_ns", "known"), [(1, True), (0, False)])
def test_a_secret_is_checked_against_the_moment_that_is_given(tokens: Tokens, before_ns: int, known: bool) -> None:
    _, secret = tokens.create("central", ["metrics"], END)
    assert (tokens.check(secret, END_NS - before_ns) is not None) is known


@pytest.mark.parametrize("length", [1, 64])
def test_a_name_has_1_to_64_characters(tokens: Tokens, length: int) -> None:
    tokens.create("x" * length, ["metrics"])
    assert [token.name for token in tokens.list()] == ["x" * length]


@pytest.mark.parametrize("length", [0, 65])
def test_a_name_beyond_is_refused(tokens: Tokens, length: int) -> None:
    with pytest.raises(TokenError, match="give 1 to 64 characters"):
        tokens.create("x" * length, ["metrics"])
    assert tokens.list() == ()


@pytest.mark.parametrize(
    ("scopes", "says"),
    [([], "^scope missing; give one or more of "), (["zz", "metrics", "aa"], "^scope aa, zz; give one or more of ")],
)
def test_scopes_that_are_unknown_are_named(tokens: Tokens, scopes: list[str], says: str) -> None:
    with pytest.raises(TokenError, match=says):
        tokens.create("a", scopes)


def test_scopes_are_stored_once_and_in_order(tokens: Tokens) -> None:
    tokens.create("a", ["metrics", "events:read", "metrics"])
    assert tokens.list()[0].scopes == ("events:read", "metrics")


def test_a_token_is_stored_with_the_digest_of_its_secret_and_its_end(tokens: Tokens) -> None:
    token_id, secret = tokens.create("a", ["metrics"], END)
    (token,) = tokens.list()
    assert (token.id, token.expires_at) == (token_id, END)
    assert token.digest == hashlib.sha256(secret.encode()).hexdigest()
    assert len(token_id) == 12
    assert len(secret) == len("gh_") + 43


def test_an_end_that_is_no_instant_is_told_by_its_beginning(tokens: Tokens) -> None:
    with pytest.raises(TokenError, match=f"^expires_at is '{'x' * 60}'; give an instant such as"):
        tokens.create("a", ["metrics"], "x" * 61)


def test_there_are_so_many_tokens_and_no_more(tokens: Tokens, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "TOKENS_MAX", 2)
    tokens.create("a", ["metrics"])
    tokens.create("b", ["metrics"])
    with pytest.raises(TokenError, match="there are 2 tokens already; revoke some"):
        tokens.create("c", ["metrics"])
    assert [token.name for token in tokens.list()] == ["a", "b"]


def test_an_id_revokes_its_token_and_leaves_one_that_is_named_so(tokens: Tokens) -> None:
    first, _ = tokens.create("a", ["metrics"])
    second, _ = tokens.create(first, ["metrics"])
    assert tokens.revoke(first) == (first,)
    assert [token.id for token in tokens.list()] == [second]


def test_a_token_that_is_not_there_cannot_be_revoked(tokens: Tokens) -> None:
    with pytest.raises(NotFoundError, match="there is no token 'a'"):
        tokens.revoke("a")


def test_tokens_that_cannot_be_read_are_told_by_their_file(tokens: Tokens, tmp_path: Path) -> None:
    (tmp_path / "tokens.json").write_text("[{}]")
    with pytest.raises(DataDirectoryError, match=r"tokens\.json cannot be read"):
        tokens.list()


@pytest.mark.parametrize("pin_hash", ["bcrypt$2$8$1$AAAA$AAAA", "scrypt$2$8$1$AAAA", "scrypt$3$8$1$AAAA$AAAA", ""])
def test_a_hash_of_another_kind_fits_no_pin(pin_hash: str) -> None:
    assert check_pin("1234", pin_hash) is False


def test_a_hash_is_checked_with_the_work_that_it_names() -> None:
    digest = hashlib.scrypt(b"1234", salt=b"salt", n=4, r=2, p=3)
    stored = f"scrypt$4$2$3$c2FsdA==${secrets._text(digest)}"
    assert check_pin("1234", stored) is True
    assert check_pin("1235", stored) is False
    assert check_pin("1234", stored.replace("scrypt$4$2$3", "scrypt$8$2$3")) is False
    assert check_pin("1234", stored.replace("scrypt$4", "bcrypt$4")) is False


def test_a_vault_gives_what_was_put_into_it(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "site.json")
    assert vault.load() == {}
    vault.save({"a": "1"})
    vault.save({"b": "2"})
    assert vault.load() == {"b": "2"}
    assert (tmp_path / "site.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", ["", "[]", '{"a": 1}'])
def test_a_vault_that_cannot_be_read_is_told_by_its_file(tmp_path: Path, content: str) -> None:
    (tmp_path / "site.json").write_text(content)
    with pytest.raises(DataDirectoryError, match=r"site\.json cannot be read"):
        Vault(tmp_path / "site.json").load()


def test_the_password_of_a_cameras_broker_goes_into_the_vault() -> None:
    device = {"id": "cam", "driver": PLATE_MQTT, "broker": {"host": "h", "password": "p"}}
    sealed, taken = seal({"devices": [device]})
    assert taken == {"devices.cam.broker.password": "p"}
    assert sealed["devices"][0]["broker"] == {"host": "h"}
    assert unseal(sealed, taken) == {"devices": [device]}


@pytest.mark.parametrize(
    "device",
    [
        {"id": "a", "driver": "modbus", "key": "k"},
        {"id": "a", "driver": "modbus", "broker": {"password": "p"}},
        {"id": "a", "driver": "osdp", "key": 7},
        {"id": "a", "driver": PLATE_MQTT, "broker": "p"},
        {"id": "a", "driver": PLATE_MQTT, "key": "k"},
    ],
)
def test_what_is_no_secret_stays_where_it_is(device: dict[str, object]) -> None:
    assert seal({"devices": [device]}) == ({"devices": [device]}, {})


def test_a_pin_that_is_no_text_is_left_out() -> None:
    assert seal({"operators": [{"name": "Lin", "pin": 2468}]})[0] == {"operators": [{"name": "Lin"}]}


def test_only_secrets_that_the_vault_has_are_put_back() -> None:
    document = {"uplink": {"mqtt": {"host": "h"}}, "devices": [{"id": "r", "driver": "osdp", "key": None}]}
    opened = unseal(document, {"devices.r.key": "k", "devices.x.key": "y"})
    assert opened == {"uplink": {"mqtt": {"host": "h"}}, "devices": [{"id": "r", "driver": "osdp", "key": "k"}]}
    assert document["devices"][0]["key"] is None  # type: ignore[index]
