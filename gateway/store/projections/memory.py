"""What the core must know of the last run, put together from the projections."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, tzinfo
from typing import Any

import msgspec

from gateway.store.projections.book import book_of
from gateway.store.projections.look import Look
from gateway.store.projections.table import GRANT, RECORDS
from gateway.store.visits import money

CRASHES_MAX = 1000
"""Crashes of one barrier in the memory of a start; the limit of a month is lower."""


def memory_of(look: Look, zone: tzinfo = UTC, unapplied: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    """The memory of the core, as plain documents; `zone` is the site's, `unapplied` are passages not applied yet."""
    marks = look.marks()
    warnings = look.warnings(zone)
    day = max((found for found, _ in warnings), default="")
    return {
        "alarms": look.alarm_documents(),
        "lanes": look.lanes(),
        "warned": {"day": day, "passes": [one for found, one in warnings if found == day]},
        "previous_clean": look.meta("clean") != "0",
        "interrupted": _since(marks, "interrupted", "motion", "held"),
        "asked": _since(marks, "asked"),
        "lost": _since(marks, "lost"),
        "grants": [_left(look, *grant) for grant in _grants(marks)],
        "latest": _latest(look),
        "last_sure_wall_ns": int(look.meta("sure_wall_ns") or 0),
        "service": _service(look),
        "repairs": look.open_repairs(),
        "mended": look.mended_alarms(),
        "unapplied": list(unapplied),
        "acceptance": book_of(look),
        "records": _records(look),
    }


def _records(look: Look) -> dict[str, int]:
    """The last record of each controller's list that was taken."""
    found = look.select("SELECT key, value FROM meta WHERE key GLOB ?", (f"{RECORDS}*",))
    return {key.removeprefix(RECORDS): int(value) for key, value in found}


def _left(look: Look, lane: str, grant: str, about: dict[str, Any]) -> dict[str, Any]:
    """An open grant, with the visit that it would end."""
    rest = msgspec.json.decode(about["reason"] or "{}")
    pass_id = about["by"] or None
    visit = _stay_of(look, pass_id, rest.get("credential"))
    known = {"grant": grant, "lane": lane, "pass": pass_id, "given_wall_ns": about["since_wall_ns"], "visit": visit}
    return {**{key: value for key, value in rest.items() if value is not None}, **known}


def _latest(look: Look) -> dict[str, dict[str, Any]]:
    """The last decision, grant and passage of each lane."""
    found: dict[str, dict[str, Any]] = {}
    for lane, what, document, sequence in look.select("SELECT lane, what, document, sequence FROM latest"):
        found.setdefault(str(lane), {})[str(what)] = last = msgspec.json.decode(document)
        if what == "decision":
            last["visit"] = _stay_of(look, last.get("pass"), last.get("credential"))
            if (charge := last.get("charge")) is not None:
                last["charge"] = _charge_since(look, charge, int(sequence))
    return found


def _charge_since(look: Look, charge: dict[str, Any], sequence: int) -> dict[str, Any]:
    """What a stay cost at a decision, with what is due of it by what was done since."""
    due = money.due_since(look.select, charge["visit"], sequence)
    return charge if due is None else {**charge, "due": due}


def _stay_of(look: Look, pass_id: str | None, credential: dict[str, str] | None) -> dict[str, Any] | None:
    """The visit of a car with a pass, or of one known by its credential."""
    visits = look.open_visits(pass_id, (credential or {}).get("value"))
    return msgspec.structs.asdict(visits[0]) if visits else None


def _service(look: Look) -> dict[str, dict[str, Any]]:
    """The memory of `gateway.core.lane.service` from the last run, by barrier."""
    cycles, commands = look.counted("cycles"), look.counted("commands")
    due = {row[0] for row in look.select("SELECT DISTINCT barrier FROM service")}
    return {
        barrier: {
            "cycles": cycles.get(barrier, 0),
            "relay_operations": commands.get(barrier, 0),
            "crashes": _crashes(look, barrier),
            "due": look.service_due(barrier),
        }
        for barrier in sorted({*cycles, *commands, *due, *look.counted("crashes")})
    }


def _crashes(look: Look, barrier: str) -> list[int]:
    rows = look.select(
        "SELECT wall_ns FROM movements WHERE barrier = ? AND travel_ms IS NULL ORDER BY wall_ns DESC LIMIT ?",
        (barrier, CRASHES_MAX),
    )
    return [wall_ns for (wall_ns,) in reversed(rows)]


def _since(marks: dict[str, dict[str, dict[str, Any]]], *wanted: str) -> dict[str, str]:
    """The owners of these marks, and since when."""
    found = {name: [has[mark]["since"] for mark in wanted if mark in has] for name, has in sorted(marks.items())}
    return {name: min(since) for name, since in found.items() if since}


def _grants(marks: dict[str, dict[str, dict[str, Any]]]) -> list[tuple[str, str, dict[str, Any]]]:
    """The open grants, oldest first: lane, grant and its mark."""
    found = [
        (lane, mark.removeprefix(GRANT), about)
        for lane, has in marks.items()
        for mark, about in has.items()
        if mark.startswith(GRANT)
    ]
    return sorted(found, key=lambda one: (one[2]["since_wall_ns"], one[1]))
