"""The settings that a run begins with: a version that was not confirmed is gone back from first."""

from __future__ import annotations

import logging

from gateway.core.settings.model import Settings
from gateway.core.settings.site_file import parse_settings
from gateway.core.vocabulary.errors import GatehouseError, StorageError
from gateway.engine.clock import Clock, boot_id
from gateway.store.directory import DataDirectory, source_of
from gateway.store.projections.marks import carry
from gateway.store.settings.versions import Versions, go_back

log = logging.getLogger(__name__)


def settings_at_start(directory: DataDirectory) -> Settings:
    """The settings of a locked directory; SettingsError, DataDirectoryError. The run journals a step back."""
    if not directory.exists:
        return directory.configured()
    versions = directory.versions
    if versions.pending is not None:
        _take_marks_along(directory, versions)
    try:
        went = go_back(versions, "restart")
    except StorageError as error:
        pending = versions.pending
        assert pending is not None
        log.error(
            "version %d of the settings was not confirmed; going back waits for the disk: %s", pending.version, error
        )
        return parse_settings(versions.document_of(pending.before))
    if went is not None:
        log.warning("version %d of the settings was not confirmed; version %d holds again", went.version, went.before)
    return directory.configured()


def _take_marks_along(directory: DataDirectory, versions: Versions) -> None:
    """Journal the tags of lanes that get other ids, before the step back is stored: a tag is never lost by a kill."""
    pending = versions.pending
    assert pending is not None
    old, new = parse_settings(versions.opened()), parse_settings(versions.document_of(pending.before))
    now = Clock(trusted=new.gateway.clock == "trusted").now()
    try:
        carry(directory.state, directory.journal, source_of(new), boot_id(), old, new, now)
    except GatehouseError as error:
        log.error("tags of lanes that get other ids cannot be taken along: %s; look at each lane first", error)
