"""Views are structs that hold all that was published of lanes and alarms, and give central the bytes that it had."""

from __future__ import annotations

from pathlib import Path
from typing import get_type_hints

import msgspec
import pytest

from gateway.core.vocabulary import views
from gateway.core.vocabulary.views import AlarmView, CentralView, DeviceView, LaneView, View


class Kept(msgspec.Struct):
    """A lane or an alarm as it was published, and what central was sent of it."""

    kind: str
    view: msgspec.Raw
    central: msgspec.Raw


PATH = Path(__file__).parents[2] / "golden" / "views.ndjson"
KEPT = [msgspec.json.decode(line, type=Kept) for line in PATH.read_bytes().splitlines()]
LANES, ALARMS = ([bytes(one.view) for one in KEPT if one.kind == kind] for kind in ("lane", "alarm"))
KINDS = [kind for kind in vars(views).values() if isinstance(kind, type) and issubclass(kind, View)]


def test_a_lane_holds_all_that_was_published_of_it() -> None:
    assert len(LANES) > 20
    for text in LANES:
        shown = msgspec.json.decode(msgspec.json.encode(msgspec.json.decode(text, type=LaneView)))
        ages = {"measured_at": None, "age_ms": None, "pile": None}
        assert {key: value for key, value in shown.items() if key != "last_decision"} == {
            key: value for key, value in {**ages, **msgspec.json.decode(text)}.items() if key != "last_decision"
        }
        decided, before = shown["last_decision"], msgspec.json.decode(text)["last_decision"]
        assert decided == before if before is None else decided | before == decided


def test_an_alarm_holds_all_that_was_published_of_it() -> None:
    assert len(ALARMS) > 10
    for text in ALARMS:
        assert msgspec.json.encode(msgspec.json.decode(text, type=AlarmView)) == text


@pytest.mark.parametrize("kept", KEPT, ids=lambda kept: kept.kind)
def test_central_is_sent_the_bytes_that_it_was_sent(kept: Kept) -> None:
    published = {f"{kept.kind}s": [{"measured_at": None, **msgspec.json.decode(kept.view)}]}
    seen = msgspec.convert(published, CentralView)
    (state,) = seen.lanes or seen.alarms
    assert msgspec.json.encode(state) == bytes(kept.central)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_key_of_a_view_says_what_it_means(kind: type[View]) -> None:
    assert kind.__doc__
    for name, hint in get_type_hints(kind, include_extras=True).items():
        of_views = any(view.__name__ in repr(hint) for view in KINDS)
        described = [one for one in getattr(hint, "__metadata__", ()) if isinstance(one, msgspec.Meta)]
        assert of_views or described[0].description, name


def test_a_device_that_was_never_heard_has_sent_nothing() -> None:
    device = DeviceView(id="io", state="starting")
    assert (device.frames, device.errors, device.last_ok_at, device.age_ms, device.last_error) == (0, 0, None, None, "")
