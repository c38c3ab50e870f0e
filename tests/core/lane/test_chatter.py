"""An input that will not calm down counts as active, is alarmed by its name, and is believed again after a minute."""

from __future__ import annotations

from gateway.core.lane.contacts.inputs import CALM_MS
from tests.core.playbook import Playbook


def chatters(play: Playbook, contact: str = "approach_loop", ms: int = 400) -> None:
    """A contact changes every 20 ms, faster than its debounce time."""
    for n in range(ms // 20):
        play.set(settle_ms=20, **{contact: n % 2 == 0})
    play.set(**{contact: False})


def alarms(play: Playbook) -> list[tuple[str, str]]:
    return [(alarm["kind"], alarm["detail"].get("input", "")) for alarm in play.alarms() if alarm["state"] != "closed"]


def test_a_contact_that_chatters_is_an_alarm_with_its_name_and_its_point() -> None:
    play = Playbook()
    chatters(play)
    assert alarms(play) == [("stuck", "approach_loop")]
    assert play.alarms()[0]["detail"] == {"reason": "chatters", "point": "io.input.3", "input": "approach_loop"}
    assert play.data("barrier.stuck")["reason"] == "chatters"


def test_it_is_alarmed_once_for_as_long_as_it_goes_on() -> None:
    play = Playbook()
    chatters(play, ms=2000)
    assert play.types("alarm") == ["alarm.raised"]


def test_a_minute_after_the_last_change_the_alarm_is_over_and_other_readings_do_not_raise_it_again() -> None:
    play = Playbook()
    chatters(play)
    play.advance(CALM_MS)
    assert play.types("alarm")[-1] == "alarm.returned"
    play.forget()
    play.set(safety_loop=True)
    play.set(safety_loop=False)
    play.set(approach_loop=True)
    assert play.types("alarm") == []


def test_after_that_minute_it_can_be_alarmed_anew() -> None:
    play = Playbook()
    chatters(play)
    play.alarm("acknowledge")
    play.advance(CALM_MS)
    assert alarms(play) == []
    chatters(play)
    assert alarms(play) == [("stuck", "approach_loop")]
