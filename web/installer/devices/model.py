"""What the pages of the devices show: each device of the snapshot, with what the bench tells of it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Any

from gateway.core.settings.model import SNAPSHOT_HTTP
from gateway.core.vocabulary.times import NS_PER_S, rfc3339
from gateway.core.vocabulary.views import DeviceView, LaneView, Snapshot
from gateway.store.media.pictures import Picture, Pictures
from web.installer.devices.words import (
    KEY,
    age_words,
    key_words,
    meaning_words,
    owner_words,
    rate_words,
    reading_words,
    state_words,
    time_of,
)
from web.words.sentences import trouble
from web.words.texts import Words

TONES = {"online": "ok", "stale": "warn", "starting": "info", "lost": "bad"}
OLD_MS = 5_000
HIDDEN = ("key", "password", "pin", "token")
VERDICTS = ("granted", "denied", "referred", "wait")


def rows(snapshot: Snapshot | None, age_ms: int, say: Words) -> list[dict[str, Any]]:
    """The table: those with something wrong first, then in the order of the site file."""
    devices = snapshot.devices if snapshot is not None else ()
    found = [condition(device, age_ms, say) for device in devices]
    return sorted(found, key=lambda row: row["tone"] in ("ok", "info"))


def condition(device: DeviceView, age_ms: int, say: Words) -> dict[str, Any]:
    """How a device is: state, since when it was not heard, counts, last error."""
    old = age_ms > OLD_MS
    state = "unknown" if old else device.state
    heard_ms = None if device.age_ms is None else device.age_ms + age_ms
    return {
        "id": device.id,
        "name": device.name or device.id,
        "driver": device.driver,
        "state": state_words(say, state),
        "tone": "warn" if old else TONES.get(device.state, "info"),
        "age": age_words(say, heard_ms),
        "frames": device.frames,
        "errors": device.errors,
        "rate": rate_words(device.frames, device.errors),
        "error": trouble(device.last_error, say),
        "raw": device.last_error,
    }


def device_of(snapshot: Snapshot | None, device: str) -> DeviceView | None:
    """A device of the snapshot."""
    return next((one for one in snapshot.devices if one.id == device), None) if snapshot is not None else None


# ---- points --------------------------------------------------------------------------------------------------------


CAMERAS = ("plate-http", "plate-mqtt", SNAPSHOT_HTTP)
KEPT_S = 86_400
"""The newest picture of a camera that is asked for is shown for so long."""


def message(told: Mapping[str, Any], mark: str, zone: tzinfo) -> dict[str, Any] | None:
    """A camera's last message, and the mark of its picture."""
    if told["message"] is None:
        return None
    return {"at": time_of(told["message"]["at"], zone), "text": told["message"]["text"], "mark": mark}


def last_kept(pictures: Pictures, device: str) -> Picture | None:
    """The newest picture that is kept of a camera."""
    now_ns = time.time_ns()
    return pictures.newest({device}, now_ns - KEPT_S * NS_PER_S, now_ns)


def kept(picture: Picture | None, zone: tzinfo) -> dict[str, Any] | None:
    """A kept picture in place of a message."""
    if picture is None:
        return None
    return {"at": time_of(rfc3339(picture.wall_ns), zone), "text": picture.path.name, "mark": picture.media}


def points(told: Mapping[str, Any], snapshot: Snapshot | None, say: Words, zone: tzinfo) -> dict[str, Any]:
    """Inputs, outputs and edges of one device, from `bench.points`."""
    lanes = {lane.id: lane for lane in snapshot.lanes} if snapshot is not None else {}
    return {
        "inputs": [_input(one, say, zone) for one in told["inputs"]],
        "outputs": [_output(one, lanes, say) for one in told["outputs"]],
        "edges": [_edge(one, told["inputs"], say, zone) for one in told["edges"]],
        "edge": max([one["number"] for one in told["edges"]], default=0),
    }


def _input(one: Mapping[str, Any], say: Words, zone: tzinfo) -> dict[str, Any]:
    return {
        "number": one["input"],
        "level": _level(one["level"]),
        "words": _level_words(say, one["level"]),
        "use": owner_words(say, one["used_by"]),
        "means": _means(one, say),
        "at": time_of(one["changed_at"], zone),
    }


def _means(one: Mapping[str, Any], say: Words) -> str:
    """Whether the contact is active: the level turned round where it is closed at rest."""
    if one["level"] is None or not one["used_by"]:
        return ""
    active = one["level"] != (one["used_by"][0]["normally"] == "closed")
    return say(f"{KEY}contact.{'active' if active else 'rests'}")


def _output(one: Mapping[str, Any], lanes: Mapping[str, LaneView], say: Words) -> dict[str, Any]:
    arms = [owner for owner in one["used_by"] if owner["arm"]]
    found: dict[str, Any] = {
        "number": one["output"],
        "level": _level(one["level"]),
        "words": _level_words(say, one["level"]),
        "use": owner_words(say, one["used_by"]),
        "arm": "",
    }
    if arms:
        found |= _arm(arms, lanes, say)
    return found


def _arm(arms: Sequence[Mapping[str, Any]], lanes: Mapping[str, LaneView], say: Words) -> dict[str, Any]:
    """The lane whose arm moves, what is done there, and the tag that it carries."""
    first = arms[0]
    lane = lanes.get(str(first["lane"]))
    tag = lane.tag if lane is not None else None
    names = say.listed([str(owner["name"]) for owner in arms])
    return {
        "arm": first["lane"],
        "warning": say(f"{KEY}arm.warning", lane=names, what=key_words(say, str(first["key"]))),
        "tag": say(f"{KEY}arm.tag", by=tag.by or "?", why=tag.reason or "–") if tag is not None else "",
    }


def _edge(one: Mapping[str, Any], inputs: Sequence[Mapping[str, Any]], say: Words, zone: tzinfo) -> dict[str, Any]:
    used = inputs[one["input"]]["used_by"] if one["input"] < len(inputs) else ()
    return {
        "number": one["number"],
        "at": time_of(one["at"], zone),
        "input": say(f"{KEY}input", n=one["input"]),
        "use": owner_words(say, used),
        "level": _level(one["level"]),
        "words": _level_words(say, one["level"]),
    }


def _level(level: bool | None) -> str:
    return "unknown" if level is None else "on" if level else "off"


def _level_words(say: Words, level: bool | None) -> str:
    return say(f"{KEY}level.{_level(level)}")


# ---- frames and cards ----------------------------------------------------------------------------------------------


def frames(told: Mapping[str, Any], say: Words, zone: tzinfo) -> list[dict[str, Any]]:
    """The frames of `bench.trace`."""
    return [
        {
            "number": one["number"],
            "way": one["way"],
            "at": time_of(one["at"], zone),
            "hex": one["hex"],
            "more": one["size"] - len(one["hex"].split()),
            "words": meaning_words(say, one["kind"], one["figures"]),
            "times": one["times"],
            "again": say(f"{KEY}frames.times", n=one["times"], at=time_of(one["last_at"], zone))
            if one["times"] > 1
            else "",
            "card": one["card"],
        }
        for one in told["frames"]
    ]


def cards(told: Mapping[str, Any], say: Words) -> dict[str, Any]:
    """A presented card in every format, from `bench.decode`; the known ones first."""
    found = [_reading(one, told["read_as"], say) for card in told["cards"] for one in card["readings"]]
    found.sort(key=lambda one: not one["known"])
    known, now = any(one["known"] for one in found), any(one["known"] and one["now"] for one in found)
    verdict = "none" if not found else "unknown" if not known else "right" if now else "other"
    return {
        "read_as": told["read_as"],
        "readings": found,
        "verdict": verdict,
        "words": say(f"{KEY}card.{verdict}", number=told["read_as"]),
    }


def _reading(one: Mapping[str, Any], read_as: str, say: Words) -> dict[str, Any]:
    passes = [
        say(f"{KEY}card.pass", id=found["id"], kind=say.first(f"kind.{found['kind']}", f"{KEY}card.kind"))
        for found in one["passes"]
    ]
    return {
        "format": reading_words(say, one),
        "number": one["number"],
        "facility": one["facility"],
        "bits": one["bits"],
        "now": one["number"] == read_as,
        "known": say.listed(passes),
    }


# ---- settings ------------------------------------------------------------------------------------------------------


def options_of(document: Mapping[str, Any], say: Words) -> list[tuple[str, str]]:
    """The options of a device as the site file has them, without secrets."""
    left_out = ("id", "driver", "name", *HIDDEN)
    return [
        (say.first(f"setting.{name}", name) if f"setting.{name}" in say else name, _plain(value))
        for name, value in document.items()
        if name not in left_out
    ]


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_plain(one)}" for name, one in value.items() if name not in HIDDEN)
    if isinstance(value, list | tuple):
        return "; ".join(_plain(one) for one in value)
    return str(value)
