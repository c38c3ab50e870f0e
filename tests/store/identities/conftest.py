"""A data directory with identities in it, and what may not be found in its files."""

from __future__ import annotations

from pathlib import Path
from secrets import token_hex

import apsw

from gateway.core.identities.check import CheckState
from gateway.store.identities.identities import DAY_NS, Identities, Person, Taken

START_NS = 1_790_000_000_000_000_000
DAYS = 30
NUMBERS = ("11010519491231002X", "E12345678", "D7654321")


def opened(data: Path) -> Identities:
    """The identities of a data directory."""
    (data / "secrets").mkdir(exist_ok=True)
    return Identities(data / "identities.db", data / "secrets" / "identities.key")


def taken(number: str, request: str = "") -> Taken:
    """What a guard takes of a driver."""
    return Taken(request or token_hex(8), "v1", "out", "resident_id", number, "Lin")


def signature(number: str) -> bytes:
    """A signature that can be told from all others; larger than a page of SQLite."""
    return b"\x89PNG\r\n\x1a\n" + number.encode() * 2_000


def planted(identities: Identities, wall_ns: int = START_NS, numbers: tuple[str, ...] = NUMBERS) -> list[Person]:
    """Drivers whose number was taken and who have signed."""
    found = []
    for number in numbers:
        person, _ = identities.take(taken(number), wall_ns)
        identities.answer(person.person, CheckState.CONFIRMED, "phone", None)
        identities.sign(person.person, CheckState.SIGNED, signature(number))
        found.append(identities.get(person.person))
    return found


def sealed_values(data: Path) -> list[bytes]:
    """What the file has of them, sealed; read beside the store."""
    with apsw.Connection(str(data / "identities.db")) as db:
        rows = db.execute("SELECT sealed, signature FROM persons WHERE sealed IS NOT NULL").fetchall()
        return [bytes(value) for row in rows for value in row if value is not None]  # type: ignore[union-attr]


def traces(data: Path, values: list[bytes]) -> list[str]:
    """The files of a data directory, of whatever name, that hold 24 bytes of one of these values; one for each."""
    found = []
    for path in sorted(one for one in data.rglob("*") if one.is_file()):
        content = path.read_bytes()
        for value in values:
            step = 24 if len(value) < 1_000 else 480
            pieces = {value[at : at + 24] for at in range(0, max(1, len(value) - 23), step)} | {value[-24:]}
            if any(piece in content for piece in pieces if piece):
                found.append(path.relative_to(data).as_posix())
    return sorted(set(found))


LATER_NS = START_NS + DAYS * DAY_NS
