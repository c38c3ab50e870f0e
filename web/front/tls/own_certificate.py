"""The certificate that the gateway makes for itself (`gateway.http.tls: self`).

A local authority signs it. People install that authority once on their screens; it is good for ten years and, so that
its key is worth little elsewhere, only for this gateway's names and for private addresses. The certificate itself is
made again a month before its end, and when a name or address is added. The web process runs this as a program
(`python -m web.front.tls.own_certificate FOLDER NAME...`), because the cryptography library needs much memory.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Any

from gateway.core.vocabulary.errors import GatehouseError
from gateway.store.files import write_atomically
from web.front.tls.carrier import CertificateError

AUTHORITY, CERTIFICATE, KEY, AUTHORITY_KEY = "authority.pem", "certificate.pem", "certificate.key", "authority.key"
AUTHORITY_DAYS = 3650
CERTIFICATE_DAYS = 397
"""Browsers refuse certificates of longer life."""
RENEWED_DAYS = 30
MADE_WITHIN_S = 60
_PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8", "fc00::/7", "fe80::/10")


def own_names(names: Iterable[str]) -> list[str]:
    """The names and addresses that the certificate is for: the configured ones and those of this machine."""
    machine = socket.gethostname().lower()
    short = machine.partition(".")[0]
    own = [machine, *([f"{short}.local"] if short else []), "localhost", "127.0.0.1", "::1"]
    return list(dict.fromkeys([*(name.lower() for name in names), *own, *_addresses()]))


def make_sure(folder: Path, names: Iterable[str]) -> None:
    """Make the certificate in a child process unless there is a good one; CertificateError."""
    command = [sys.executable, "-m", "web.front.tls.own_certificate", str(folder), *own_names(names)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=MADE_WITHIN_S)
    except (OSError, subprocess.SubprocessError) as error:
        raise CertificateError(f"the certificate of the gateway cannot be made: {error}") from None
    if done.returncode:
        words = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise CertificateError(f"the certificate of the gateway cannot be made in {folder}: {words}")


def fingerprint(folder: Path) -> str:
    """The SHA-256 of the local authority, as browsers show it."""
    import hashlib
    import ssl

    try:
        content = ssl.PEM_cert_to_DER_cert((folder / AUTHORITY).read_text("ascii"))
    except (OSError, ValueError):
        return ""
    digest = hashlib.sha256(content).hexdigest().upper()
    return ":".join(digest[n : n + 2] for n in range(0, len(digest), 2))


def _addresses() -> list[str]:
    """The addresses of this machine, as far as it knows them by itself; nothing is sent."""
    found = []
    for family, far in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((far, 9))
                found.append(str(probe.getsockname()[0]))
        except OSError:
            continue
    return found


# ---- in the child process -----------------------------------------------------------------------------------------


def make(folder: Path, names: list[str], now: datetime) -> bool:
    """Make what is missing or too old; whether anything was made."""
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization

    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    wanted = [_san(name) for name in names]
    try:
        authority = x509.load_pem_x509_certificate((folder / AUTHORITY).read_bytes())
        authority_key: Any = serialization.load_pem_private_key((folder / AUTHORITY_KEY).read_bytes(), None)
        fits = (
            authority_key.public_key() == authority.public_key()
            and _lasts(authority, now)
            and _permits(authority, names)
        )
    except (OSError, ValueError):
        fits = False
    if not fits:
        authority, authority_key = _authority(folder, names, now)
    try:
        held = x509.load_pem_x509_certificate((folder / CERTIFICATE).read_bytes())
        serialization.load_pem_private_key((folder / KEY).read_bytes(), None)
        covered = list(held.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
        held.verify_directly_issued_by(authority)
        if fits and _lasts(held, now) and set(wanted) <= set(covered):
            return False
    except Exception:  # a file that is missing, damaged or of another authority: made again
        pass
    _certificate(folder, wanted, authority, authority_key, now)
    return True


def _lasts(certificate: Any, now: datetime) -> bool:
    """Whether it is valid and will be for a month; a machine whose clock is not set yet finds it not yet valid."""
    return bool(certificate.not_valid_after_utc - now > timedelta(days=RENEWED_DAYS))


def _san(name: str) -> Any:
    from cryptography import x509

    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _constraints(names: list[str]) -> list[Any]:
    """What the authority may sign for: the names, `.local`, private addresses and this machine's own."""
    from cryptography import x509

    permitted: list[Any] = [x509.IPAddress(_network(one)) for one in _PRIVATE]
    for name in names:
        one = _san(name)
        permitted.append(x509.IPAddress(_network(name)) if isinstance(one, x509.IPAddress) else one)
    return [*permitted, x509.DNSName("local")]


def _network(text: str) -> IPv4Network | IPv6Network:
    return ip_network(text)


def _permits(authority: Any, names: list[str]) -> bool:
    from cryptography import x509

    held = authority.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or []
    networks = [one.value for one in held if isinstance(one, x509.IPAddress)]
    hosts = [one.value for one in held if isinstance(one, x509.DNSName)]
    for name in names:
        one = _san(name)
        if isinstance(one, x509.IPAddress):
            if not any(ip_address(name) in _network(str(network)) for network in networks):
                return False
        elif not any(name == host or name.endswith(f".{host}") for host in hosts):
            return False
    return True


def _authority(folder: Path, names: list[str], now: datetime) -> tuple[Any, Any]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = _subject(f"Gatehouse of {socket.gethostname() or 'this gateway'}"[:64])
    usage = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    made = (
        _builder(name, name, key.public_key(), now, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.NameConstraints(_constraints(names), None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write(folder / AUTHORITY_KEY, _pem_of_key(key), 0o600)
    _write(folder / AUTHORITY, _pem(made), 0o644)
    return made, key


def _certificate(folder: Path, wanted: list[Any], authority: Any, authority_key: Any, now: datetime) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID

    key = ec.generate_private_key(ec.SECP256R1())
    made = (
        _builder(_subject("Gatehouse"), authority.subject, key.public_key(), now, CERTIFICATE_DAYS)
        .add_extension(x509.SubjectAlternativeName(wanted), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    # The key first: a certificate without its key would not be loaded, and is made again at the next look.
    _write(folder / KEY, _pem_of_key(key), 0o600)
    _write(folder / CERTIFICATE, _pem(made) + _pem(authority), 0o644)


def _builder(subject: Any, issuer: Any, public_key: Any, now: datetime, days: int) -> Any:
    from cryptography import x509

    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        # A screen whose clock is a day late must not refuse it.
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=days))
    )


def _subject(name: str) -> Any:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _pem(certificate: Any) -> bytes:
    from cryptography.hazmat.primitives import serialization

    return bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _pem_of_key(key: Any) -> bytes:
    from cryptography.hazmat.primitives import serialization

    none = serialization.NoEncryption()
    return bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, none))


def _write(path: Path, content: bytes, mode: int) -> None:
    write_atomically(path, content, mode=mode)


if __name__ == "__main__":
    os.umask(0o077)
    try:
        make(Path(sys.argv[1]), sys.argv[2:], datetime.now(UTC))
    except (OSError, ValueError, GatehouseError) as problem:
        sys.exit(str(problem))
