"""The certificates that this gateway uses: what they hold, until when, their fingerprints, and the local authority."""

from __future__ import annotations

import hashlib
import re
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from gateway.core.settings.model import Http, Mqtt, TlsFiles
from gateway.core.settings.roles import Right
from web.front.tls import own_certificate
from web.installer.care.page import SHEETS
from web.installer.frame.door import door
from web.installer.frame.page import installer_page
from web.installer.settings.sections import BY_NAME
from web.platform.services import services

SOON_DAYS = 30
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.S)


class Certificate(msgspec.Struct, frozen=True):
    """One certificate: what it is for, its file and names, until when it holds, SHA-256; or why it cannot be read."""

    use: str
    file: str
    names: tuple[str, ...] = ()
    ends: str = ""
    days: int = 0
    sha256: str = ""
    wrong: str = ""

    @property
    def tone(self) -> str:
        """How its end is shown."""
        return "bad" if self.wrong or self.days < 0 else "warn" if self.days < SOON_DAYS else "ok"


@door(Right.SET_UP)
def certificates_page() -> Any:
    """All certificates of the settings that run."""
    held = services()
    http = held.site.http()
    return installer_page(
        "installer/care/certificates.html",
        place="settings",
        sheets=SHEETS,
        own=http.tls == "self",
        plain=http.tls is None,
        found=list(found(http, _mqtt(held.site.document()), held.data / "web" / "tls")),
    )


def _mqtt(document: dict[str, Any]) -> Mqtt | None:
    value = BY_NAME["broker"].value(document)
    return msgspec.convert(value, Mqtt) if isinstance(value, dict) else None


def found(http: Http, mqtt: Mqtt | None, folder: Path) -> Iterator[Certificate]:
    """The certificates of the web and of the uplink."""
    if http.tls == "self":
        yield read("web", folder / own_certificate.CERTIFICATE)
        yield read("authority", folder / own_certificate.AUTHORITY)
    elif isinstance(http.tls, TlsFiles):
        yield read("web", Path(http.tls.cert))
    for use, path in (("broker_ca", mqtt.ca), ("broker_own", mqtt.cert)) if mqtt is not None else ():
        if path:
            yield read(use, Path(path))


def read(use: str, path: Path, now: datetime | None = None) -> Certificate:
    """The first certificate of a PEM file."""
    try:
        text = _PEM.search(path.read_text("ascii"))
        if text is None:
            return Certificate(use, str(path), wrong="no_certificate")
        told: dict[str, Any] = ssl._ssl._test_decode_cert(str(path))  # type: ignore[attr-defined]
        ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(told["notAfter"]), UTC)
        der = ssl.PEM_cert_to_DER_cert(text[0])
    except (OSError, ValueError, KeyError) as error:
        return Certificate(use, str(path), wrong=getattr(error, "strerror", None) or "no_certificate")
    names = tuple(name for _, name in told.get("subjectAltName", ())) or _subject(told)
    days = (ends - (now or datetime.now(UTC))).days
    digest = hashlib.sha256(der).hexdigest().upper()
    colons = ":".join(digest[n : n + 2] for n in range(0, len(digest), 2))
    return Certificate(use, str(path), names, f"{ends:%Y-%m-%d}", days, colons)


def _subject(told: dict[str, Any]) -> tuple[str, ...]:
    return tuple(value for part in told.get("subject", ()) for key, value in part if key == "commonName")
