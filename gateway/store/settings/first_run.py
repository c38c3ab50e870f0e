"""The first set-up: its one-time code, the wrong tries, and the mark after which it never opens again.

The page `/setup` is open while no operator was ever made. The mark is a file of its own, so that it outlives every
change of the settings. A code is 12 letters, 56 random bits, and ten tries are all that it takes, so a plain SHA-256 is
enough.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from contextlib import suppress
from pathlib import Path

import msgspec

from gateway.core.vocabulary.errors import DataDirectoryError, RefusedError
from gateway.store.files import write_atomically
from gateway.store.settings.documents import Documents

# Letters and digits that sound and look different; 12 of them are 56 bits.
LETTERS = "ACDEFGHJKLMNPQRTUVWXY34679"
_GROUPS, _GROUP = 3, 4
TRIES_MAX = 10


class _Code(msgspec.Struct, frozen=True):
    """A code as stored: everything but its letters, and the wrong ones that were given for it."""

    digest: str
    wrong: int = 0


class FirstRun:
    """The first set-up of one data directory. One process writes: the engine, or the command line without it."""

    def __init__(self, documents: Documents, mark: Path, code: Path) -> None:
        """`mark` is `set-up`, `code` is `secrets/setup-code`; opens nothing."""
        self._documents = documents
        self._mark = mark
        self._code = code

    @property
    def over(self) -> bool:
        """Whether an operator was ever made."""
        if self._mark.exists():
            return True
        try:
            return bool(self._documents.load().get("operators"))
        except DataDirectoryError:
            return False

    @property
    def tries(self) -> int:
        """Wrong codes since the code was made."""
        found = self._load()
        return found.wrong if found is not None else 0

    @property
    def closed(self) -> bool:
        """Whether no code is taken: too many wrong ones were given, or there is none."""
        found = self._load()
        return found is None or found.wrong >= TRIES_MAX

    def begin(self) -> str:
        """The code of a new data directory."""
        self._mark.unlink(missing_ok=True)
        return self.new_code()

    def end(self) -> None:
        """An operator was made: the first set-up never opens again, and its code is void."""
        if not self._mark.exists():
            write_atomically(self._mark, b"An operator was made: the first set-up is over for good.\n", mode=0o640)
        with suppress(FileNotFoundError):
            self._code.unlink()

    def note(self) -> None:
        """Set the mark where operators are known, as in a directory of an earlier version."""
        if not self._mark.exists() and self.over:
            self.end()

    def new_code(self) -> str:
        """A new code such as `K7QM-3XPD-ACD4`, which voids the old one; RefusedError once an operator was made."""
        if self.over:
            raise RefusedError(
                "an operator was made already, so the first set-up is over for good; an operator who forgot the PIN"
                " gets another one by: gatehouse operator set-pin NAME"
            )
        groups = ["".join(secrets.choice(LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS)]
        self._store(_Code(_digest("".join(groups))))
        return "-".join(groups)

    def fits(self, code: str) -> bool:
        """Whether this is the code; a wrong one is counted. RefusedError when none is taken."""
        found = self._load()
        if found is None or found.wrong >= TRIES_MAX:
            raise RefusedError(
                "no setup code is taken now; draw another on the gateway: gatehouse init --new-code",
                code="setup_closed",
            )
        if hmac.compare_digest(_digest(letters_of(code)), found.digest):
            return True
        self._store(_Code(found.digest, found.wrong + 1))
        return False

    def _load(self) -> _Code | None:
        try:
            return msgspec.json.decode(self._code.read_bytes(), type=_Code)
        except (OSError, msgspec.DecodeError):  # none, or one of an earlier version, which opened nothing
            return None

    def _store(self, code: _Code) -> None:
        write_atomically(self._code, msgspec.json.encode(code))


def letters_of(code: str) -> str:
    """A code as typed, in small letters, with blanks or dashes, as its letters."""
    return re.sub(r"[^A-Z0-9]", "", code.upper())


def _digest(letters: str) -> str:
    return hashlib.sha256(letters.encode()).hexdigest()
