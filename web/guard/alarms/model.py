"""Alarms in words: the list, the band over the top line, the quiet line, and the notice of the box itself.

How loud an alarm is says what the guard has to do: act now (red), look when there is a moment (amber), or only know of
it (no colour). One cut cable is one alarm, however many devices hang on it. Duress shows nothing at the booth.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from gateway.core.alarms.kinds import KINDS
from gateway.core.vocabulary.rows import Credential
from gateway.core.vocabulary.views import AlarmView, LaneView, Snapshot
from web.guard.alarms.devices import Devices
from web.guard.lane.car import credential_text
from web.guard.orders.may import ways
from web.guard.scene import Scene, named
from web.words.texts import Words, plate_as_written
from web.words.times import instant

# What is wrong with the box itself, worst first.
BOX_KINDS = ("storage_degraded", "clock_unsure")
UNSEEN = frozenset({"unacknowledged", "returned-unacknowledged"})
_STATES = {"returned-unacknowledged": "returned", "out of service": "out_of_service"}
# What a kind asks of the guard at the booth; a kind that is not listed is as loud as its priority.
_TONES = {
    "crash": "act",
    "struck_vehicle": "act",
    "panic": "act",
    "fire": "act",
    "forced": "act",
    "intrusion": "act",
    "tamper": "act",
    "water": "act",
    "tailgating": "decide",
    "obstructed": "decide",
    "stuck": "decide",
    "device_lost": "decide",
    "power": "decide",
    "fault": "decide",
    "storage_degraded": "decide",
    "video_lost": "note",
    "clock_unsure": "note",
    "uplink_lost": "note",
    "refused": "decide",
}
_PRIORITY_TONES = {1: "act", 2: "decide", 3: "decide", 4: "note"}
_ORDER = ("act", "decide", "note")
# For the control room alone: an attacker, or the driver, may be looking at the booth's screen.
SILENT_KINDS = frozenset(kind for kind, declared in KINDS.items() if declared.desk_only)


class Alarm(msgspec.Struct, frozen=True):
    """One alarm; `unseen` until it is acknowledged, `over` once its cause is, `lasts` says why it cannot be closed yet.

    `alarms` are the ids of all that have this one cause.
    """

    alarm: str
    alarms: list[str]
    kind: str
    title: str
    where: str
    lane: str | None
    tone: str
    at_ms: int | None
    time: str
    unseen: bool
    over: bool
    closable: bool
    lasts: str
    state_text: str
    steps: list[str]


class Band(msgspec.Struct, frozen=True):
    """The most urgent alarm that is not acknowledged, over the top line."""

    alarm: str
    title: str
    tone: str
    at_ms: int | None
    where: str
    others: str


class Calm(msgspec.Struct, frozen=True):
    """What is open and asks for nothing at once, in one quiet line."""

    text: str
    at_ms: int | None


class Notice(msgspec.Struct, frozen=True):
    """What is wrong with the box itself."""

    alarm: str
    text: str
    at_ms: int | None


def alarms(scene: Scene, snapshot: Snapshot, devices: Devices) -> list[Alarm]:
    """Every alarm of a snapshot, and what is wrong now although no alarm is raised for it; the most urgent first."""
    lanes = {lane.id: lane for lane in snapshot.lanes}
    groups: dict[tuple[str, str, bool], list[AlarmView]] = {}
    for one in sorted(_troubles(snapshot), key=_urgency):
        if not _is_shown(scene, one.kind):
            continue
        lost = one.kind == "device_lost" and one.device and not one.detail.get("reason")
        cable = devices.cable(one.device) if lost and one.device else one.alarm
        groups.setdefault((one.kind, cable, one.state in UNSEEN), []).append(one)
    return [_alarm(scene, group, lanes, devices) for group in groups.values()]


def _is_shown(scene: Scene, kind: str) -> bool:
    """Whether this screen and its role see alarms of a kind; one of a later version is seen by all."""
    declared = KINDS.get(kind)
    return declared is None or (scene.has(declared.seen_by) and not (declared.desk_only and scene.is_at_a_lane))


def _alarm(scene: Scene, group: Sequence[AlarmView], lanes: Mapping[str, LaneView], devices: Devices) -> Alarm:
    said, shown, n = scene.said, group[0], len(group)
    kind, state, by = shown.kind, shown.state, shown.acknowledged_by
    if kind in KINDS and KINDS[kind].moment and state in UNSEEN:
        state = "unacknowledged"  # only whether it was seen matters
    lane = lanes.get(shown.lane or "")
    state_text = said.first(f"alarm.state.{_STATES.get(state, state)}", "alarm.state.unacknowledged")
    reason = shown.detail.get("reason", "")
    several = [f"{kind}.n"] if n > 1 else []
    todo = next((f"todo.{one}" for one in (*several, f"{kind}.{reason}", kind) if f"todo.{one}" in said), "")
    titles = [f"alarm.{one}" for one in (*several, f"{kind}.{reason}", kind)]
    lasts = _lasts(said, shown, lane)
    where = [devices.name(one.device) for one in group if one.device]
    place = (lane.name if lane else "") or shown.lane or said.listed(where) or said("alarm.site")
    car = _car(scene, shown)
    return Alarm(
        alarm=shown.alarm,
        alarms=[one.alarm for one in group],
        kind=kind,
        title=said.first(*titles, "alarm.other", code=kind, n=n),
        where=f"{place} · {car}" if car else place,
        lane=shown.lane,
        tone=_tone(shown),
        at_ms=scene.epoch_ms(shown.raised_at) if shown.raised_at else None,
        time=scene.time(shown.raised_at),
        unseen=state in UNSEEN,
        over=state.startswith("returned"),
        closable=state == "acknowledged" and not lasts,
        lasts=lasts if state == "acknowledged" else "",
        state_text=said("alarm.acknowledged_by", by=by) if by and state not in UNSEEN else state_text,
        steps=said(todo, act=ways(scene, lane), **_refused(said, shown)).split("|") if todo else [],
    )


def _car(scene: Scene, alarm: AlarmView) -> str:
    """What the car of an alarm has shown; "" for an alarm that is about no car."""
    shown = alarm.detail.get("credential")
    if not isinstance(shown, dict):
        return ""
    kind, value = str(shown.get("kind", "")), str(shown.get("value", ""))
    return plate_as_written(value) if kind == "plate" else credential_text(scene, Credential(kind, value))


def _refused(said: Words, alarm: AlarmView) -> dict[str, str]:
    """Why a car was turned away, and by whom."""
    code, by = (str(alarm.detail.get(key) or "") for key in ("why", "by"))
    return {
        "why": said.first(f"because.{code}", f"reason.{code}", "because.words", words=code),
        "who": said("alarm.gateway") if by == "gateway" else named(by),
    }


def _tone(alarm: AlarmView) -> str:
    return _TONES.get(alarm.kind) or _PRIORITY_TONES.get(alarm.priority, "act")


def _lasts(said: Words, alarm: AlarmView, lane: LaneView | None) -> str:
    """Why an alarm that was acknowledged cannot be closed: its cause lasts; "" once it is over.

    A kind that ends by itself is closed by its end, so while it is there its cause lasts.
    """
    kind = KINDS.get(alarm.kind)
    crashed = alarm.kind == "crash" and lane is not None and lane.mode == "crashed"
    if not (alarm.active is True or crashed or (kind is not None and not kind.by_person)):
        return ""
    return said.first(f"alarm.lasts.{alarm.kind}", "alarm.lasts")


def band(said: Words, found: Sequence[Alarm]) -> Band | None:
    """The band: the most urgent alarm that is not acknowledged, but for what is only to be known of; None for none."""
    first = next((alarm for alarm in found if alarm.unseen and alarm.tone != "note"), None)
    if first is None:
        return None
    others = len(found) - 1
    # The band is short, and the site is known.
    where = [first.where] if first.where != said("alarm.site") else []
    if first.over:
        where.append(said("alarm.over"))
    more = said("alarm.more", n=others) if others else ""
    return Band(first.alarm, first.title, first.tone, first.at_ms, " · ".join(where), more)


def calm(said: Words, found: Sequence[Alarm]) -> Calm | None:
    """The quiet line; None for nothing. What was only to be known of and is over is not in it."""
    found = [alarm for alarm in found if not (alarm.over and alarm.tone == "note")]
    if not found:
        return None
    first, others = found[0], len(found) - 1
    what = f"{first.title} · {first.where}"
    n = others if said.locale == "en" else len(found)
    return Calm(said("alarm.calm_more", what=what, n=n) if others else said("alarm.calm", what=what), first.at_ms)


def notice(found: Sequence[Alarm]) -> Notice | None:
    """The notice of the box; None while it is well, or while the band says it."""
    first = next((one for kind in BOX_KINDS for one in found if one.kind == kind and not one.unseen), None)
    return Notice(first.alarm, first.title, first.at_ms) if first is not None else None


def _troubles(snapshot: Snapshot) -> list[AlarmView]:
    found = list(snapshot.alarms)
    known = {(one.kind, one.device if one.kind == "device_lost" else None) for one in found}
    for kind, device, since in _wrong_now(snapshot):
        if (kind, device) not in known:
            alarm = f"now-{kind}-{device or 'box'}"
            found.append(
                AlarmView(alarm=alarm, kind=kind, priority=3, state="now", device=device, raised_at=since, as_of=since)
            )
    return found


def _wrong_now(snapshot: Snapshot) -> Iterator[tuple[str, str | None, str]]:
    """What a snapshot itself says is wrong: (alarm kind, device, since when, "" for unknown)."""
    if snapshot.journal.degraded:
        yield "storage_degraded", None, ""
    if snapshot.gateway.clock == "unset":
        yield "clock_unsure", None, ""
    for device in snapshot.devices:
        if device.state == "lost":
            yield "device_lost", device.id, device.since


def _urgency(alarm: AlarmView) -> tuple[bool, int, int, float]:
    """Unseen first, then by what is to be done, then by priority, then the newest."""
    raised = instant(alarm.raised_at)
    newest = -(raised.timestamp() if raised else 0)
    return alarm.state not in UNSEEN, _ORDER.index(_tone(alarm)), alarm.priority, newest
