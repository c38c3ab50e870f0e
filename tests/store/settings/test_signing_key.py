"""The signing key, and signatures as openssl sees them."""

from __future__ import annotations

import base64
import shutil
import stat
import subprocess
import threading
from pathlib import Path

import pytest

from gateway.core.vocabulary.errors import DataDirectoryError
from gateway.store.journal.heads import Head, HeadError, parse_head
from gateway.store.settings.signing_key import PublicKey, SigningKey

HEAD = Head(1200, "0123456789abcdef" * 4)
OPENSSL = shutil.which("openssl")


@pytest.fixture
def key(tmp_path: Path) -> SigningKey:
    one = SigningKey(tmp_path / "journal-key.pem")
    one.make()
    return one


def test_the_key_is_made_once_and_for_its_owner_alone(key: SigningKey, tmp_path: Path) -> None:
    path = tmp_path / "journal-key.pem"
    before = path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    key.make()
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_of_two_that_make_it_at_once_one_key_stays(tmp_path: Path) -> None:
    path = tmp_path / "journal-key.pem"
    threads = [threading.Thread(target=SigningKey(path).make) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert list(tmp_path.iterdir()) == [path]
    assert SigningKey(path).public.check(SigningKey(path).signed(HEAD))


def test_a_signature_is_good_for_its_head_alone(key: SigningKey, tmp_path: Path) -> None:
    signed = key.signed(HEAD)
    assert key.public.check(signed)
    assert not key.public.check(Head(1201, HEAD.hash, signed.signature))
    assert not key.public.check(Head(1200, "f" * 64, signed.signature))
    other = SigningKey(tmp_path / "other.pem", makes=True)
    assert not other.public.check(signed)


def test_the_public_key_is_read_from_its_text(key: SigningKey) -> None:
    text = str(key.public)
    pem = f"-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n"
    for one in (text, pem):
        assert PublicKey.read(one).check(key.signed(HEAD))


@pytest.mark.parametrize("text", ["", "x", "A" * 60, base64.b64encode(bytes(44)).decode()])
def test_a_text_that_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(HeadError, match="no public key"):
        PublicKey.read(text)


def test_without_a_key_heads_are_not_signed_and_the_log_says_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    key = SigningKey(tmp_path / "journal-key.pem")
    assert key.signed(HEAD) == key.signed(HEAD) == HEAD
    assert caplog.text.count("without a signature") == 1
    with pytest.raises(DataDirectoryError, match=r"journal-key\.pem"):
        _ = key.public


def test_a_service_makes_a_key_that_is_missing(tmp_path: Path) -> None:
    assert SigningKey(tmp_path / "journal-key.pem", makes=True).signed(HEAD).signature
    assert (tmp_path / "journal-key.pem").exists()


def test_a_file_that_is_no_key_is_said(tmp_path: Path) -> None:
    (tmp_path / "journal-key.pem").write_text("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    with pytest.raises(DataDirectoryError, match="no Ed25519 key"):
        _ = SigningKey(tmp_path / "journal-key.pem", makes=True).public


def test_a_journal_without_rows_needs_no_key(tmp_path: Path) -> None:
    assert SigningKey(tmp_path / "none.pem", makes=True).signed(Head(0, "0" * 64)).text == ""
    assert not (tmp_path / "none.pem").exists()


@pytest.mark.skipif(OPENSSL is None, reason="openssl is not installed")
def test_openssl_takes_key_and_signature(key: SigningKey, tmp_path: Path) -> None:
    """With nothing but the texts that a client gets."""

    def checked(signed: str) -> int:
        content, signature = tmp_path / "content", tmp_path / "signature"
        sequence, digest, text = signed.split(":")
        content.write_text(f"{sequence}:{digest}")
        signature.write_bytes(base64.b64decode(text))
        public = tmp_path / "public.pem"
        public.write_text(f"-----BEGIN PUBLIC KEY-----\n{key.public}\n-----END PUBLIC KEY-----\n")
        line = ["-verify", "-pubin", "-inkey", public, "-rawin", "-in", content, "-sigfile", signature]
        return subprocess.run([str(OPENSSL), "pkeyutl", *line], capture_output=True).returncode

    signed = key.signed(HEAD).text
    assert checked(signed) == 0
    assert checked("1201" + signed[4:]) != 0
    line = [str(OPENSSL), "pkey", "-in", str(tmp_path / "journal-key.pem"), "-pubout"]
    printed = subprocess.run(line, capture_output=True, text=True, check=True).stdout
    assert str(PublicKey.read(printed)) == str(key.public)


def test_openssl_makes_a_key_and_a_signature_that_fit(tmp_path: Path) -> None:
    if OPENSSL is None:
        pytest.skip("openssl is not installed")
    path = tmp_path / "journal-key.pem"
    subprocess.run([OPENSSL, "genpkey", "-algorithm", "ed25519", "-out", str(path)], check=True)
    (tmp_path / "content").write_bytes(HEAD.signed)
    made = ["-sign", "-inkey", path, "-rawin", "-in", tmp_path / "content", "-out", tmp_path / "signature"]
    subprocess.run([OPENSSL, "pkeyutl", *made], check=True)
    text = base64.b64encode((tmp_path / "signature").read_bytes()).decode()
    assert SigningKey(path).public.check(parse_head(f"{HEAD.text}:{text}"))
