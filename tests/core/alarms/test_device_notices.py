"""What devices tell beside inputs and reads: an opened housing, and how install mode ended."""

from __future__ import annotations

from gateway.core.vocabulary import events
from tests.core.playbook import Playbook


def test_an_opened_housing_is_an_alarm_until_somebody_has_looked() -> None:
    play = Playbook()
    play.happens(events.TamperChanged("reader-in", True))
    [alarm] = play.alarms()
    assert (alarm["kind"], alarm["device"], alarm["state"]) == ("tamper", "reader-in", "unacknowledged")
    play.happens(events.TamperChanged("reader-in", False))
    [alarm] = play.alarms()
    assert alarm["state"] == "returned-unacknowledged"


def test_a_housing_that_was_never_open_is_no_news() -> None:
    play = Playbook()
    before = len(play.rows)
    play.happens(events.TamperChanged("reader-in", False))
    assert play.alarms() == []
    assert len(play.rows) == before


def test_how_install_mode_ended_is_on_record() -> None:
    play = Playbook()
    play.happens(events.InstallModeEnded("reader-in", "key_set"))
    row = play.rows[-1]
    assert (row.type, row.subject) == ("settings.changed", "devices/reader-in")
    assert row.data == {
        "what": "install_mode_ended",
        "device": "reader-in",
        "outcome": "key_set",
        "by": "gateway",
    }
