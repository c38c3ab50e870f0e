"""The data directory: its paths, its lock, and making one.

One engine at a time: it holds an flock on `run/engine.lock`, which the kernel releases when the engine dies. Making a
directory ends with `site.json`, so a half-made one can be recognised.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from gateway.core.settings.model import Settings
from gateway.core.settings.site_file import parse_settings
from gateway.core.vocabulary.errors import DataDirectoryError, InUseError
from gateway.store.files import write_atomically
from gateway.store.identities.identities import Identities
from gateway.store.journal.reader import JournalReader
from gateway.store.journal.writer import Journal
from gateway.store.passes.codes import PassCodes
from gateway.store.passes.registry import PassRegistry
from gateway.store.projections.state import State
from gateway.store.recovery.look import says_nothing
from gateway.store.recovery.reserve import Reserve
from gateway.store.settings.documents import Documents
from gateway.store.settings.first_run import FirstRun
from gateway.store.settings.operators import Lifts, Operators
from gateway.store.settings.people import Journal as Note
from gateway.store.settings.people import People
from gateway.store.settings.secrets import Tokens, Vault
from gateway.store.settings.signing_key import SigningKey
from gateway.store.settings.station_keys import StationKeys
from gateway.store.settings.versions import Versions

_NO_MATTER = frozenset({"lost+found", "run"})


class DataDirectory:
    """The paths of one data directory; makes and locks it."""

    def __init__(self, path: Path | str) -> None:
        """Opens nothing."""
        self.path = Path(path)
        self.site = self.path / "site.json"
        self.journal = self.path / "journal.db"
        self.registry = self.path / "registry.db"
        self.state = self.path / "state.db"
        self.uplink = self.path / "uplink.db"
        self.web = self.path / "web.db"
        self.backed_up = self.path / "backed-up"
        self.measurements = self.path / "measurements"
        self.holidays = self.path / "holidays.json"
        self.media = self.path / "media"
        self.secrets = self.path / "secrets"
        self.faults = self.path / "faults"
        self.run = self.path / "run"
        self.socket = self.run / "engine.sock"
        self.lock_file = self.run / "engine.lock"
        self._demo = self.path / ".demo"
        self._held: int | None = None

    @property
    def documents(self) -> Documents:
        """The settings."""
        return Documents(self.site)

    @property
    def versions(self) -> Versions:
        """The versions of the settings."""
        return Versions(self.documents, self.vault)

    @property
    def tokens(self) -> Tokens:
        """The API tokens."""
        return Tokens(self.secrets / "tokens.json")

    @property
    def station_keys(self) -> StationKeys:
        """The keys of booths' own screens."""
        return StationKeys(self.secrets / "stations.json")

    @property
    def first_run(self) -> FirstRun:
        """The first set-up."""
        return FirstRun(self.documents, self.path / "set-up", self.secrets / "setup-code")

    @property
    def lifts(self) -> Lifts:
        """The lock-outs that were lifted."""
        return Lifts(self.path / "lifted.json")

    @property
    def operators(self) -> Operators:
        """The people of the settings."""
        return Operators(self.documents, self.first_run.end)

    def people(self, note: Note) -> People:
        """What changes who works with the gateway; `note` journals a row."""
        return People(self.first_run, self.operators, self.lifts, note)

    @property
    def vault(self) -> Vault:
        """Secrets of the settings that a process must know in plain text."""
        return Vault(self.secrets / "site.json")

    @property
    def codes(self) -> PassCodes:
        """The QR codes of temporary passes."""
        return PassCodes(self.secrets / "pass-codes.key")

    @property
    def identities(self) -> Identities:
        """The identity numbers and signatures of drivers without a card."""
        return Identities(self.path / "identities.db", self.secrets / "identities.key")

    @property
    def signing_key(self) -> SigningKey:
        """The key that heads of the journal are signed with."""
        return SigningKey(self.secrets / "journal-key.pem")

    @property
    def reserve(self) -> Reserve:
        """Room for a start on a full disk."""
        return Reserve(self.path / "reserve")

    def note_backup(self) -> None:
        """Mark that a backup was made now; its age is shown. A mark that cannot be made is left out."""
        with suppress(OSError):
            self.backed_up.touch(0o640)

    @property
    def exists(self) -> bool:
        """Whether a data directory was made here, or begun."""
        return self.journal.exists() or self.site.exists()

    @property
    def half_made(self) -> bool:
        """Whether making it was interrupted: databases without a site, and an empty journal."""
        return not self.site.exists() and self.journal.exists() and says_nothing(self.journal)

    @property
    def foreign(self) -> list[str]:
        """The names in it that keep a new data directory from beginning here; none when it is empty, or no directory.

        Left out are `lost+found` of a disk, and folders that an interrupted `create` or a command has left.
        """
        if not self.path.is_dir():
            return []
        entries = sorted(self.path.iterdir())
        begun = [self.media, self.secrets]
        return [one.name for one in entries if one.name not in _NO_MATTER and not (one in begun and _is_empty(one))]

    @property
    def made_by_demo(self) -> bool:
        """Whether the demo made it, and so may use and change it."""
        return self._demo.exists()

    def create(self, document: dict[str, Any], *, demo: bool = False, journal_id: str | None = None) -> str:
        """Make the directory with a new journal, and return the one-time setup code.

        `document` is a site file with plain PINs. SettingsError if it is wrong, DataDirectoryError if there is a data
        directory already; then nothing was changed.
        """
        settings = parse_settings(document)
        self._clear_half_made()
        if self.exists:
            raise DataDirectoryError(f"{self.path} is a data directory in use already; choose another with --data")
        self.make_folders()
        if demo:
            write_atomically(self._demo, b"made by gatehouse demo\n")
        Journal.create(self.journal, journal_id, source_of(settings)).close()
        PassRegistry(self.registry, writer=True).close()
        State(self.state, writer=True).close()
        self.signing_key.make()
        code = self.first_run.begin()
        self.save_site(document)
        self.first_run.note()
        return code

    def open(self) -> Settings:
        """The settings of a complete directory; DataDirectoryError if it is incomplete or from a newer version."""
        settings = self.configured()
        for database in (self.journal, self.registry, self.state):
            if not database.exists():
                raise DataDirectoryError(f"{database} is missing; start the engine, it goes on without")
        JournalReader(self.journal).close()
        return settings

    def configured(self) -> Settings:
        """The settings of a directory whose databases may be damaged; DataDirectoryError."""
        if not self.exists:
            raise DataDirectoryError(
                f"{self.path} is no data directory; make one with `gatehouse init --data {self.path}`"
            )
        return self.settings()

    def settings(self) -> Settings:
        """The settings as they are now, with the secrets that processes need."""
        return parse_settings(self.versions.opened())

    def save_site(self, document: dict[str, Any]) -> None:
        """Store a site document: PINs hashed, secrets in the vault. Secrets that it lacks are kept."""
        self.versions.put(document)

    def lock(self) -> None:
        """Lock the directory until `unlock` or death; InUseError if an engine holds it."""
        self.run.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = os.pread(handle, 32, 0).decode(errors="replace").strip()
            os.close(handle)
            raise InUseError(
                f"another engine (process {owner or 'unknown'}) owns {self.path}; stop it first"
            ) from error
        with suppress(OSError):  # a full disk: the lock itself is enough
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        self._held = handle

    def unlock(self) -> None:
        """Release the directory."""
        if self._held is not None:
            os.close(self._held)
            self._held = None

    def _clear_half_made(self) -> None:
        """Remove the files of an interrupted `create`."""
        if not self.half_made:
            return
        for database in (self.journal, self.registry, self.state):
            for suffix in ("", "-wal", "-shm", "-journal"):
                database.with_name(database.name + suffix).unlink(missing_ok=True)

    def make_folders(self) -> None:
        """Make the directory and its folders, with their rights."""
        for folder, mode in (
            (self.path, 0o750),
            (self.media, 0o750),
            (self.secrets, 0o700),
            (self.run, 0o750),
        ):
            folder.mkdir(parents=True, exist_ok=True, mode=mode)
            if folder != self.path:
                folder.chmod(mode)


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and not any(folder.iterdir())


def source_of(settings: Settings) -> str:
    """The `source` of this gateway's events."""
    return f"/sites/{settings.site.id}/gateways/{settings.gateway.id}"
