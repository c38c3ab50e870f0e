"""The settings of a lane and its barrier that are no wires: fields from the declared types, shown and read back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from gateway.core.forms.entries import Entry, Shower
from gateway.core.forms.fields import Field, fields_of
from gateway.core.forms.posted import Fault, Posted, Reader
from gateway.core.settings.documents import BarrierKeys, LaneKeys
from gateway.core.wiring.boards import devices_of
from gateway.core.wiring.wires import Document, barrier_of, duplicate, lane_of

LANE = ("name", "direction", "readers", "cameras", "displays", "printer", "two_factor", "free_flow")
BARRIER = (
    "control", "close_by", "safety", "external_open", "pulse_ms", "travel_time_ms", "auto_close_ms", "grant_ms",
    "max_cycles_per_h", "service_limits",
)  # fmt: skip
_FITS = {"displays": "shows", "printer": "prints"}
PREFIX = {"lane": "lane.", "barrier": "habit."}
"""Before the names of the inputs, so that they differ from those of the terminals."""


def fields(of: str) -> tuple[Field, ...]:
    """The fields of the lane, or of its barrier."""
    kind, keys = (LaneKeys, LANE) if of == "lane" else (BarrierKeys, BARRIER)
    found = {field.name: field for field in fields_of(kind)}
    return tuple(found[key] for key in keys)


class Habits(msgspec.Struct, frozen=True):
    """The entries of both, as they are shown."""

    lane: tuple[Entry, ...]
    barrier: tuple[Entry, ...]


def shown(
    document: Document, lane_id: str, paths: Mapping[str, str], posted: Posted | None, faults: Mapping[str, Fault]
) -> Habits:
    """The fields with the values of the document, or with what was posted with faults."""
    lane = lane_of(document, lane_id) or {}
    values = {"lane": lane, "barrier": barrier_of(document, lane) or {}}

    def entries(of: str) -> tuple[Entry, ...]:
        shower = Shower("", posted, faults)
        made = shower.entries(fields(of), values[of], PREFIX[of])
        return tuple(_at(one, f"{paths.get(of, '')}.") for one in made)

    return Habits(entries("lane"), entries("barrier"))


def _at(entry: Entry, base: str) -> Entry:
    """The entry with its path in the document; that of the form has the prefix of its owner."""
    inner = tuple(_at(one, base) for one in entry.entries)
    return msgspec.structs.replace(entry, path=base + entry.name.partition(".")[2], entries=inner)


def read(document: Document, lane_id: str, posted: Posted) -> tuple[Document, dict[str, Fault]]:
    """The document with what was posted, and what is wrong with it by the name of its input."""
    changed: Document = duplicate(document)
    lane = lane_of(changed, lane_id)
    if lane is None:
        raise KeyError(lane_id)
    reader = Reader(posted)
    _take(lane, reader.object(fields("lane"), lane, PREFIX["lane"]))
    barrier = barrier_of(changed, lane)
    if barrier is not None:
        _take(barrier, reader.object(fields("barrier"), barrier, PREFIX["barrier"]))
    return changed, reader.faults


def _take(owner: dict[str, Any], found: dict[str, Any]) -> None:
    owner.clear()
    owner.update(found)


def picked(of: str, boards: Sequence[Any], site: Document) -> list[tuple[str, str]]:
    """What can be picked for readers, cameras, displays and the printer: devices that fit, by id and name."""
    fits = {board.id for board in boards if getattr(board, _FITS.get(of, "reads"))}
    return [(one["id"], str(one.get("name") or one["id"])) for one in devices_of(site) if one["id"] in fits]
