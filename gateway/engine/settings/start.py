"""The settings that a run begins with: a version that was not confirmed is gone back from first."""

from __future__ import annotations

import logging

from gateway.core.settings.model import Settings
from gateway.core.settings.site_file import parse_settings
from gateway.core.vocabulary.errors import StorageError
from gateway.store.directory import DataDirectory
from gateway.store.settings.versions import go_back

log = logging.getLogger(__name__)


def settings_at_start(directory: DataDirectory) -> Settings:
    """The settings of a locked directory; SettingsError, DataDirectoryError. The run journals a step back."""
    if not directory.exists:
        return directory.configured()
    versions = directory.versions
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
