"""Backups, the support bundle and certificates on a page."""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.backup.check import Nothing, prove
from gateway.core.settings.model import Http, Mqtt, TlsFiles
from tests.web_installer.settings.conftest import Desk
from web.front.tls import own_certificate
from web.installer.care import certificates, page
from web.installer.care.child import ChildError, output, run

BACKUPS, SUPPORT, CERTIFICATES = (
    "/installer/settings/backups",
    "/installer/settings/support",
    "/installer/settings/certificates",
)
WORDS = "four words of mine"


@pytest.mark.parametrize("locale", ["en", "zh_CN"])
@pytest.mark.parametrize("path", [BACKUPS, SUPPORT, CERTIFICATES, "/installer/settings/clock"])
def test_every_page_has_its_words(desk: Desk, path: str, locale: str) -> None:
    desk.client.set_cookie("gatehouse_lang", locale)
    main = desk.get(path).partition("<main")[2].partition("</main>")[0]
    assert not re.search(r"(?:installer|setting|role)\.[a-z_]+", re.sub(r"<[^>]*>", "", main))


@pytest.mark.parametrize("path", [BACKUPS, SUPPORT, CERTIFICATES])
def test_only_an_installer_comes_in(desk: Desk, path: str) -> None:
    desk.enter("Lin")
    desk.get(path, status=403)
    if path != CERTIFICATES:
        assert desk.post(path, passphrase=WORDS, again=WORDS).status_code == 403
    assert desk.engine.calls("copy.take") == []


def test_a_backup_comes_encrypted_and_can_be_proven(desk: Desk, tmp_path: Path) -> None:
    answer = desk.post(BACKUPS, passphrase=WORDS, again=WORDS)
    assert answer.status_code == 200
    assert re.fullmatch(
        r'attachment; filename="gatehouse-north-court-gw1-\d{8}T\d{6}Z\.backup"', answer.headers["Content-Disposition"]
    )
    file = tmp_path / "gate.backup"
    file.write_bytes(answer.get_data())
    assert b"North Court" not in file.read_bytes()
    proof = prove(file, lambda: WORDS, Nothing())
    assert (proof.encrypted, proof.broken, proof.contents.about.site) == (True, "", "north-court")
    assert desk.engine.calls("copy.take") == [{"what": "backup", "by": "Ana", "via": "browser"}]


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"passphrase": "short", "again": "short"}, "At least 8 characters"),
        ({"passphrase": "       8", "again": "       8"}, "At least 8 characters"),
        ({"passphrase": "two\nlines of it", "again": "two\nlines of it"}, "At least 8 characters"),
        ({"passphrase": WORDS, "again": WORDS + "!"}, "The two differ"),
    ],
)
def test_a_passphrase_with_a_fault_makes_no_backup(desk: Desk, fields: dict[str, str], wrong: str) -> None:
    answer = desk.send(BACKUPS, fields)
    assert answer.status_code == 422
    assert wrong in answer.get_data(as_text=True)
    assert desk.engine.calls("copy.take") == []


def test_without_a_record_there_is_no_copy(desk: Desk) -> None:
    desk.engine.stop()
    answer = desk.post(BACKUPS, passphrase=WORDS, again=WORDS)
    assert answer.status_code == 503
    assert "does not answer" in answer.get_data(as_text=True)


def test_what_fails_at_once_is_said_on_the_page(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> Iterator[bytes]:
        raise ChildError("the disk cannot be read")

    monkeypatch.setattr(page, "output", fails)
    answer = desk.post(BACKUPS, passphrase=WORDS, again=WORDS)
    assert answer.status_code == 503
    assert "the disk cannot be read" in answer.get_data(as_text=True)
    assert desk.app.extensions["gatehouse"].exports.used == 0


def test_the_support_bundle_is_an_archive_without_secrets(desk: Desk) -> None:
    answer = desk.post(SUPPORT)
    assert answer.status_code == 200
    with tarfile.open(fileobj=io.BytesIO(answer.get_data())) as archive:
        names = archive.getnames()
        told = b"".join(archive.extractfile(name).read() for name in names)  # type: ignore[union-attr]
    assert "gatehouse-support/settings.json" in names
    assert b"hidden-1" not in told
    assert desk.engine.calls("copy.take") == [{"what": "support", "by": "Ana", "via": "browser"}]
    answer.close()
    assert desk.app.extensions["gatehouse"].exports.used == 0


def test_a_command_that_fails_says_its_last_line(tmp_path: Path) -> None:
    with pytest.raises(ChildError, match=r"no data directory|gatehouse init"):
        run(tmp_path / "none", ("support", str(tmp_path / "bundle")), 60)
    with pytest.raises(ChildError):
        output(tmp_path / "none", ("backup", "-"), WORDS)
    with pytest.raises(ChildError, match="longer than"):
        run(tmp_path, ("engine",), 0.01)


# ---- each night


def test_the_nightly_backup_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, words, timer = tmp_path / "backups", tmp_path / "passphrase", tmp_path / "timer"
    for name, path in (("FOLDER", folder), ("PASSPHRASE_FILE", words), ("TIMER", timer)):
        monkeypatch.setattr(page, name, path)
    assert page.nightly() == page.Nightly(False, False, False)
    folder.mkdir()
    words.touch()
    timer.symlink_to("/nowhere")
    assert page.nightly().on
    (folder / "gatehouse-a-b-20260101T000000Z.backup").write_bytes(b"x" * 100)
    made_s = (folder / "gatehouse-a-b-20260101T000000Z.backup").stat().st_mtime
    found = page.nightly(made_s + 2 * 3600 + 1)
    assert (found.newest, found.age_h, found.bytes) == ("gatehouse-a-b-20260101T000000Z.backup", 2, 100)


# ---- certificates


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The gateway's own certificate and its authority."""
    found = tmp_path_factory.mktemp("tls")
    own_certificate.make_sure(found, ("gate.example.org",))
    return found


def test_a_certificate_says_its_names_its_end_and_its_fingerprint(folder: Path) -> None:
    web, authority = certificates.found(Http(tls="self"), None, folder)
    assert "gate.example.org" in web.names
    assert 390 < web.days <= 397
    assert web.tone == "ok"
    assert authority.days > 3600
    assert authority.sha256.replace(":", "") == own_certificate.fingerprint(folder).replace(":", "").upper()


def test_each_certificate_of_the_settings_is_listed(folder: Path) -> None:
    cert, ca = str(folder / own_certificate.CERTIFICATE), str(folder / own_certificate.AUTHORITY)
    found = list(certificates.found(Http(tls=TlsFiles(cert, "/k")), Mqtt("a", ca=ca, cert=cert), folder))
    assert [(one.use, one.wrong) for one in found] == [("web", ""), ("broker_ca", ""), ("broker_own", "")]


def test_one_that_ends_soon_or_has_ended_stands_out(folder: Path) -> None:
    file = folder / own_certificate.CERTIFICATE
    ends = datetime.fromisoformat(certificates.read("web", file).ends).replace(tzinfo=UTC)
    assert certificates.read("web", file, ends).tone == "warn"
    assert certificates.read("web", file, ends.replace(year=ends.year + 1)).tone == "bad"


def test_a_file_that_is_no_certificate_is_said(tmp_path: Path) -> None:
    (tmp_path / "text.pem").write_text("nothing")
    (tmp_path / "cut.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    for name in ("text.pem", "cut.pem", "none.pem"):
        assert certificates.read("web", tmp_path / name).tone == "bad"


def test_the_authority_is_offered_where_there_is_one(desk: Desk, folder: Path) -> None:
    assert "/authority.crt" not in desk.get(CERTIFICATES)
    assert "plain HTTP" in desk.get(CERTIFICATES)
    site = desk.directory.documents.load()
    site["gateway"]["http"]["tls"] = "self"
    desk.directory.documents.save(site)
    (desk.directory.path / "web").mkdir(exist_ok=True)
    (desk.directory.path / "web" / "tls").symlink_to(folder)
    text = desk.get(CERTIFICATES)
    assert "/authority.crt" in text
    assert certificates.read("authority", folder / own_certificate.AUTHORITY).sha256 in text
