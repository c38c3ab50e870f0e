"""Alarms in words: the list, the band over the top line, the quiet line, and the notice of the box itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from web.guard.scene import Facts, Scene
from web.words.texts import Words
from web.words.times import instant

# What is wrong with the box itself, worst first.
BOX_KINDS = ("storage_degraded", "clock_unsure")
UNSEEN = frozenset({"unacknowledged", "returned-unacknowledged"})
_STATES = {"returned-unacknowledged": "returned", "out of service": "out_of_service"}
_PRIORITY_TONES = {1: "act", 2: "act", 3: "decide", 4: "note"}


class Alarm(msgspec.Struct, frozen=True):
    """One alarm; `unseen` until it is acknowledged, `over` once its cause is."""

    alarm: str
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
    """What is acknowledged and still open, in one quiet line."""

    text: str
    at_ms: int | None


class Notice(msgspec.Struct, frozen=True):
    """What is wrong with the box itself."""

    alarm: str
    text: str
    at_ms: int | None


def alarms(scene: Scene, snapshot: Facts) -> list[Alarm]:
    """Every alarm of a snapshot, and what is wrong now although no alarm is raised for it; the most urgent first."""
    names = {lane["id"]: lane.get("name") or lane["id"] for lane in snapshot.get("lanes", [])}
    return [_alarm(scene, one, names) for one in sorted(_troubles(snapshot), key=_urgency)]


def _alarm(scene: Scene, facts: Facts, lanes: Mapping[str, str]) -> Alarm:
    said, kind, state = scene.said, facts["kind"], facts["state"]
    lane, by = facts.get("lane"), facts.get("acknowledged_by")
    state_text = said.first(f"alarm.state.{_STATES.get(state, state)}", "alarm.state.unacknowledged")
    reason = (facts.get("detail") or {}).get("reason", "")
    todo = next((key for key in (f"todo.{kind}.{reason}", f"todo.{kind}") if key in said), "")
    return Alarm(
        alarm=facts["alarm"],
        kind=kind,
        title=said.first(f"alarm.{kind}.{reason}", f"alarm.{kind}", "alarm.other", code=kind),
        where=lanes.get(lane, lane) if lane else facts.get("device_name") or said("alarm.site"),
        lane=lane,
        tone=_PRIORITY_TONES.get(facts.get("priority", 1), "act"),
        at_ms=scene.epoch_ms(facts["raised_at"]) if facts["raised_at"] else None,
        time=scene.time(facts["raised_at"]),
        unseen=state in UNSEEN,
        over=state.startswith("returned"),
        closable=state == "acknowledged",
        state_text=said("alarm.acknowledged_by", by=by) if by and state not in UNSEEN else state_text,
        steps=said(todo).split("|") if todo else [],
    )


def band(said: Words, found: Sequence[Alarm]) -> Band | None:
    """The band; None when every alarm is acknowledged."""
    first = next((alarm for alarm in found if alarm.unseen), None)
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
    """The quiet line; None for nothing."""
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


def _troubles(snapshot: Facts) -> list[Facts]:
    devices = {one["id"]: one for one in snapshot.get("devices", [])}
    found: list[Facts] = []
    for alarm in snapshot.get("alarms", []):
        device = alarm.get("device")
        found.append({**alarm, "device_name": (devices.get(device) or {}).get("name") or device})
    known = {(one["kind"], one.get("device") if one["kind"] == "device_lost" else None) for one in found}
    for kind, device, since in _facts(snapshot):
        if (kind, device) not in known:
            name = device and (devices[device].get("name") or device)
            found.append(
                {"alarm": f"now-{kind}-{device or 'box'}", "kind": kind, "priority": 3, "state": "now"}
                | {"lane": None, "device_name": name, "raised_at": since}
            )
    return found


def _facts(snapshot: Facts) -> Iterator[tuple[str, str | None, str | None]]:
    """What a snapshot itself says is wrong: (alarm kind, device, since when)."""
    if (snapshot.get("journal") or {}).get("degraded"):
        yield "storage_degraded", None, None
    if (snapshot.get("gateway") or {}).get("clock") == "unset":
        yield "clock_unsure", None, None
    for device in snapshot.get("devices", []):
        if device.get("state") == "lost":
            yield "device_lost", device["id"], device.get("since")


def _urgency(alarm: Facts) -> tuple[bool, int, float]:
    """Unseen first, then by priority, then the newest."""
    raised = instant(alarm.get("raised_at"))
    return alarm["state"] not in UNSEEN, alarm.get("priority", 1), -(raised.timestamp() if raised else 0)
