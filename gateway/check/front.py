"""Can the web use the certificate of the settings, and for how long?"""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.core.settings.model import Http, TlsFiles

ENDS_SOON_DAYS = 30
Found = tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]


def front_found(http: Http, now: datetime | None = None) -> Found:
    """Problems and warnings of `gateway.http.tls`, each (path, message)."""
    if not isinstance(http.tls, TlsFiles):
        return (), ()
    path, tls = "gateway.http.tls", http.tls
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(tls.cert, tls.key, password="")
        ends, covered = _of_certificate(Path(tls.cert))
    except (OSError, ValueError) as error:
        words = getattr(error, "strerror", None) or getattr(error, "reason", None) or str(error)
        message = (
            f"{tls.cert} and {tls.key} cannot be used ({words}); give a certificate in PEM and its own private key"
        )
        return ((path, message),), ()
    left = ends - (now or datetime.now(UTC))
    if left <= timedelta(0):
        return ((f"{path}.cert", f"ended on {ends:%Y-%m-%d}; renew {tls.cert}"),), ()
    warnings = []
    if left < timedelta(days=ENDS_SOON_DAYS):
        warnings.append((f"{path}.cert", f"ends on {ends:%Y-%m-%d}; renew {tls.cert}"))
    warnings += [
        (f"gateway.http.names[{n}]", f"is {name!r}, which {tls.cert} is not for; browsers will warn")
        for n, name in enumerate(http.names)
        if not any(_covers(one, name.lower()) for one in covered)
    ]
    return (), tuple(warnings)


def _of_certificate(path: Path) -> tuple[datetime, list[str]]:
    """When the first certificate of the file ends, and its names and addresses."""
    from cryptography import x509

    held = x509.load_pem_x509_certificate(path.read_bytes())
    try:
        names = held.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return held.not_valid_after_utc, []
    return held.not_valid_after_utc, [str(one.value).lower() for one in names]


def _covers(covered: str, name: str) -> bool:
    return covered == name or (covered.startswith("*.") and name.partition(".")[2] == covered[2:])
