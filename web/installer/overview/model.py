"""What is left to do until the gate works, in order, and how far each step is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from gateway.core.settings.roles import Role
from gateway.core.vocabulary.reasons import Reason
from gateway.core.vocabulary.views import Snapshot

TRIAL_CARDS_MAX = 3
TRIAL_PASS = "trial-card"


class Step(msgspec.Struct, frozen=True):
    """One step; its words are `installer.overview.<name>`, a variant of them with `wrong`, with these figures."""

    name: str
    done: bool
    address: str
    figures: dict[str, Any] = {}
    wrong: str = ""


class Unknown(msgspec.Struct, frozen=True):
    """A card that was shown at a lane and is not known."""

    lane: str
    name: str
    card: str


class View(msgspec.Struct, frozen=True):
    """The steps, the first open one, and what the card step needs."""

    steps: tuple[Step, ...]
    next: str
    unknown: tuple[Unknown, ...]
    trial_cards: tuple[tuple[str, str], ...]
    passes: int
    lanes: bool


class Known(msgspec.Struct, frozen=True):
    """What is known of the gateway: draft, settings that run, snapshot, passes."""

    site: Mapping[str, Any]
    running: Mapping[str, Any]
    changes: int
    snapshot: Snapshot | None
    passes: int
    trial_cards: tuple[tuple[str, str], ...] = ()
    handed_over: tuple[int, int] = (0, 0)
    """Lanes whose acceptance both ends have signed, and all lanes."""


def view_of(known: Known) -> View:
    """The steps of this gateway."""
    makers = (_devices, _connect, _lanes, _apply, _card, _people, _clock, _acceptance)
    steps = tuple(make(known) for make in makers)
    return View(
        steps,
        next((step.name for step in steps if not step.done), ""),
        unknown_cards(known.snapshot),
        known.trial_cards,
        known.passes,
        bool(known.running.get("lanes")),
    )


def unknown_cards(snapshot: Snapshot | None) -> tuple[Unknown, ...]:
    """The cards that were last shown at a lane, where no pass has them."""
    found = []
    for lane in snapshot.lanes if snapshot else ():
        told = lane.last_decision
        if told is None or told.reason != Reason.UNKNOWN_CREDENTIAL or told.credential is None:
            continue
        if told.credential.kind == "card":
            found.append(Unknown(lane.id, lane.name or lane.id, told.credential.value))
    return tuple(found)


def free_trial_pass(taken: Sequence[str]) -> str:
    """An id for one more test card, "" when there are enough."""
    names = (f"{TRIAL_PASS}-{number}" for number in range(1, TRIAL_CARDS_MAX + 1))
    return next((name for name in names if name not in taken), "")


def _devices(known: Known) -> Step:
    there = known.site.get("devices") or []
    told = known.snapshot.devices if known.snapshot else ()
    lost = [one.id for one in told if one.state in ("lost", "stale")]
    figures = {"n": len(there), "lost": len(lost), "devices": lost}
    address = "/installer/discover" if not there else "/installer/devices" if lost else "/installer/discover"
    return Step("devices", bool(there) and not lost, address, figures, "lost" if lost else "")


def _connect(known: Known) -> Step:
    """The devices run before the lanes are wired, so that wiring can be learned."""
    there = known.running.get("devices") or []
    wrong = "waiting" if known.site.get("devices") else ""
    return Step("connect", bool(there), "/installer/changes", {"n": len(there)}, wrong)


def _lanes(known: Known) -> Step:
    there = known.site.get("lanes") or []
    return Step("lanes", bool(there), "/installer/lanes", {"n": len(there)})


def _apply(known: Known) -> Step:
    fresh = not known.changes and bool(known.running.get("lanes"))
    return Step("apply", fresh, "/installer/changes", {"n": known.changes}, "waiting" if known.changes else "")


def _card(known: Known) -> Step:
    granted = any(
        one.last_decision is not None and one.last_decision.verdict == "granted"
        for one in (known.snapshot.lanes if known.snapshot else ())
    )
    return Step(
        "card", bool(known.running.get("lanes")) and (granted or known.passes > len(known.trial_cards)), "#card"
    )


def _people(known: Known) -> Step:
    others = [one for one in known.site.get("operators") or [] if one.get("role") != Role.INSTALLER]
    return Step("people", bool(others), "/installer/settings/people", {"n": len(others)})


def _clock(known: Known) -> Step:
    state = known.snapshot.gateway.clock if known.snapshot else ""
    return Step("clock", state == "synced", "/installer/settings/clock", {}, "" if state == "synced" else state)


def _acceptance(known: Known) -> Step:
    signed, lanes = known.handed_over
    done = lanes > 0 and signed == lanes
    return Step("acceptance", done, "/installer/acceptance", {"signed": signed, "n": lanes}, "begun" if signed else "")
