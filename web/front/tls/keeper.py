"""Keeps the certificate good while the web process runs: reads changed files again, renews the gateway's own."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from flask import Response

from gateway.core.settings.model import Http, TlsFiles
from web.front.tls import own_certificate
from web.front.tls.carrier import Certificate, CertificateError
from web.platform.problems import Problem

_log = logging.getLogger(__name__)

LOOK_EVERY_S = 60.0
RENEW_EVERY_S = 6 * 3600.0


class Keeper:
    """The certificate of this web process. `folder`: where the gateway's own one is, None for one from files."""

    def __init__(self, certificate: Certificate, settings: Callable[[], Http], folder: Path | None) -> None:
        self.certificate = certificate
        self._settings = settings
        self._folder = folder
        self._names: tuple[str, ...] = settings().names
        self._looked_s = time.monotonic()
        self._stopping = threading.Event()

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the local authority; "" without one."""
        return own_certificate.fingerprint(self._folder) if self._folder is not None else ""

    def start(self) -> None:
        """Look every minute, in a thread of its own."""
        threading.Thread(target=self._run, name="certificate", daemon=True).start()

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()

    def look(self) -> None:
        """Renew the gateway's own certificate if it is time, or has another name; read changed files again."""
        names, now_s = self._settings().names, time.monotonic()
        if self._folder is not None and (names != self._names or now_s - self._looked_s > RENEW_EVERY_S):
            self._names, self._looked_s = names, now_s
            try:
                own_certificate.make_sure(self._folder, names)
            except CertificateError as error:
                _log.error("%s; the one before stays in use", error)
        self.certificate.refresh()

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_EVERY_S):
            self.look()


def keeper_of(settings: Callable[[], Http], folder: Path) -> Keeper | None:
    """The certificate that the settings ask for; None without TLS. CertificateError if it cannot be used."""
    tls = settings().tls
    if tls is None:
        return None
    if isinstance(tls, TlsFiles):
        return Keeper(Certificate(Path(tls.cert), Path(tls.key)), settings, None)
    own_certificate.make_sure(folder, settings().names)
    made = Certificate(folder / own_certificate.CERTIFICATE, folder / own_certificate.KEY)
    return Keeper(made, settings, folder)


def authority(folder: Path) -> Response:
    """`GET /authority.crt`: the local authority, to be installed on the screens."""
    try:
        content = (folder / own_certificate.AUTHORITY).read_bytes()
    except OSError:
        raise Problem(404, "not_found", "This gateway has no certificate of its own making.") from None
    headers = {"Content-Disposition": "attachment; filename=gatehouse.crt"}
    return Response(content, content_type="application/x-x509-ca-cert", headers=headers)
