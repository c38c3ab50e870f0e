"""`gatehouse check` looks at the certificate before a browser does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.check.front import front_found
from gateway.check.report import check
from gateway.core.settings.model import Http, TlsFiles
from web.front.tls import own_certificate

NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def files(tmp_path: Path) -> TlsFiles:
    """A certificate for gate.example.org that was made now."""
    own_certificate.make(tmp_path, ["gate.example.org", "192.168.1.5"], NOW)
    return TlsFiles(str(tmp_path / own_certificate.CERTIFICATE), str(tmp_path / own_certificate.KEY))


@pytest.mark.parametrize("tls", [None, "self"])
def test_there_is_nothing_to_look_at_without_files(tls: str | None) -> None:
    assert front_found(Http(tls=tls)) == ((), ())  # type: ignore[arg-type]


def test_a_good_one_is_fine(files: TlsFiles) -> None:
    assert front_found(Http(tls=files, names=("Gate.example.org", "192.168.1.5")), NOW) == ((), ())


@pytest.mark.parametrize(("days", "problems", "warnings"), [(300, 0, 0), (370, 0, 1), (398, 1, 0)])
def test_one_that_ends_is_named_with_its_day(files: TlsFiles, days: int, problems: int, warnings: int) -> None:
    found = front_found(Http(tls=files), NOW + timedelta(days=days))
    assert [len(one) for one in found] == [problems, warnings]
    assert all("2027-12-03" in message and "renew" in message for one in found for _, message in one)


def test_a_name_that_it_is_not_for_is_a_warning(files: TlsFiles) -> None:
    assert front_found(Http(tls=files, names=("other.example.org",)), NOW)[1][0][0] == "gateway.http.names[0]"


def test_one_that_cannot_be_used_is_a_problem_of_the_check(files: TlsFiles, tmp_path: Path) -> None:
    site = {
        "site": {"id": "north"},
        "gateway": {"id": "gw1", "http": {"tls": {"cert": files.cert, "key": str(tmp_path / "none.key")}}},
    }
    report = check(site, {}, None)
    assert not report.fine and report.problems[0][0] == "gateway.http.tls" and "No such file" in report.problems[0][1]
    site["gateway"]["http"]["tls"]["key"] = str(tmp_path / own_certificate.AUTHORITY_KEY)  # type: ignore[index]
    assert "cannot be used" in check(site, {}, None).problems[0][1]
