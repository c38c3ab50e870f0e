"""The door of recovery: open the stores of a data directory, whatever became of them (`table` says what is done)."""

from __future__ import annotations

import logging
from pathlib import Path

import msgspec

from gateway.core.settings.model import Settings
from gateway.core.vocabulary.errors import DataDirectoryError, JournalBrokenError
from gateway.core.vocabulary.events import Now
from gateway.store.journal.reader import JournalReader
from gateway.store.journal.writer import Journal
from gateway.store.projections.state import State
from gateway.store.recovery import aside
from gateway.store.recovery.journal import replace_journal
from gateway.store.recovery.look import Finding, look_at_journal, look_at_registry
from gateway.store.recovery.registry import prepare_registry
from gateway.store.recovery.reserve import Reserve
from gateway.store.recovery.state import open_state
from gateway.store.recovery.table import Store, Treatment, treatment
from gateway.store.recovery.told import rows_about_journal, rows_about_passes

log = logging.getLogger(__name__)


class Place(msgspec.Struct, frozen=True):
    """The files of a data directory that a start looks at."""

    journal: Path
    state: Path
    registry: Path
    uplink: Path
    reserve: Reserve


class Opened(msgspec.Struct, frozen=True):
    """The journal for writing, a reader of it, and the projections up to date; `registry.db` can be opened."""

    journal: Journal
    reader: JournalReader
    state: State

    def close(self) -> None:
        """Let go of all three."""
        for store in (self.state, self.reader, self.journal):
            store.close()


def open_all(place: Place, settings: Settings, source: str, boot_id: str, now: Now) -> Opened:
    """Open everything, the directory being locked; raises DataDirectoryError, StorageError."""
    return Recovery(place, settings, source, boot_id, now).run()


class Recovery:
    """One start's way through the stores."""

    def __init__(self, place: Place, settings: Settings, source: str, boot_id: str, now: Now) -> None:
        """Touches nothing."""
        self._place = place
        self._settings = settings
        self._source = source
        self._boot_id = boot_id
        self._now = now

    def run(self) -> Opened:
        """Disk, journal and projections, registry."""
        self._place.reserve.release()
        self.mend_journal()
        try:
            opened = self._open_journal()
        except JournalBrokenError as error:  # behind the projections, where no look reaches
            self.mend_journal(str(error))
            opened = self._open_journal()
        try:
            self.mend_registry(opened.journal)
            opened.state.catch_up(opened.reader)
        except BaseException:
            opened.close()
            raise
        return opened

    def mend_journal(self, unreadable: str = "") -> None:
        """Begin another journal where nothing can be built on this one; see `look_at_journal` for `unreadable`."""
        place, now = self._place, self._now
        aside.finish(place.journal)
        finding = look_at_journal(place.journal, place.state, place.uplink, unreadable)
        if _treatment(Store.JOURNAL, finding) is Treatment.BEGIN:
            replace_journal(
                place.journal,
                place.state,
                finding,
                lambda loss: rows_about_journal(loss, self._settings, now),
                self._source,
                self._boot_id,
                now.wall_ns,
            )

    def mend_registry(self, journal: Journal) -> None:
        """Go on with the passes that can be read where the registry cannot be asked."""
        path = self._place.registry
        aside.finish(path)
        finding = look_at_registry(path)
        if _treatment(Store.REGISTRY, finding) is Treatment.SALVAGE:
            file = aside.aside_of(path, self._now.wall_ns)
            kept = prepare_registry(path, file)
            journal.append(rows_about_passes(finding.error, file.name, kept, self._settings, self._now))
            aside.swap(path, file)
            words = "registry.db cannot be used: %s. It is now %s; %d passes were kept"
            log.error(words, finding.error, file.name, kept)

    def _open_journal(self) -> Opened:
        """The journal, a reader of it, and the projections brought on."""
        journal = Journal.open(self._place.journal, self._source, self._boot_id)
        reader = JournalReader(self._place.journal)

        def bring_on(state: State) -> None:
            state.catch_up(reader)

        try:
            return Opened(journal, reader, open_state(self._place.state, bring_on))
        except BaseException:
            reader.close()
            journal.close()
            raise


def _treatment(store: Store, finding: Finding) -> Treatment:
    """What the table says; DataDirectoryError where it refuses."""
    found = treatment(store, finding.found)
    if found is Treatment.REFUSE:
        raise DataDirectoryError(finding.error)
    return found
