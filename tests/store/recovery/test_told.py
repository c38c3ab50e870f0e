"""What is told of a file that was set aside."""

from __future__ import annotations

from gateway.core.settings.site_file import parse_settings
from gateway.core.vocabulary.events import Now
from gateway.core.vocabulary.rows import AlarmRaised, AlarmReturned, StorageDegraded, StorageRestored
from gateway.store.recovery.told import rows_about_passes
from tests.core.playbook import site_document
from tests.store.conftest import START_NS


def test_each_loss_has_an_alarm_of_its_own_that_is_over_and_waits_for_a_person() -> None:
    settings, now = parse_settings(site_document()), Now(START_NS, 1)
    ids = set()
    for _ in range(2):
        lost, raised, restored, returned = (
            row.data for row in rows_about_passes("is damaged", "registry-damaged.db", 3, settings, now)
        )
        assert isinstance(lost, StorageDegraded)
        assert isinstance(restored, StorageRestored)
        assert isinstance(raised, AlarmRaised)
        assert isinstance(returned, AlarmReturned)
        error = "registry.db: is damaged"
        assert raised.detail == {"reason": "passes", "error": error, "file": "registry-damaged.db", "passes": 3}
        assert raised.alarm == returned.alarm
        ids.add(raised.alarm)
    assert len(ids) == 2, "an alarm of an earlier loss has another id"
