"""The sheet of a lane in words: what each point is, how it is tested, what is measured, and who ticked it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import Any

import msgspec

from gateway.core.settings.model import Settings
from gateway.core.vocabulary.rows import UNSET, Measured
from gateway.core.vocabulary.rows.acceptance import ENDS
from gateway.core.vocabulary.times import local_time, wall_ns_of
from gateway.core.vocabulary.views import AcceptanceView, LaneView, PointView, SignatureView, TickView
from web.words.texts import Words
from web.words.times import instant

KINDS = ("status", "control", "measurement", "step", "setting")
PARKED_OK_MS = 60_000
"""A parked car stays on its loop for a minute."""
_WORDS = "installer.acceptance"


class Cell(msgspec.Struct, frozen=True):
    """One end's tick: who, when, and what was measured then."""

    by: str
    at: str
    value: str


class Row(msgspec.Struct, frozen=True):
    """One point. `good`: what is measured shows that it was tested; `lost`: why it must be ticked again."""

    id: str
    kind: str
    name: str
    where: str
    how: str
    value: str
    good: bool
    installer: Cell | None
    control_room: Cell | None
    lost: str
    keeps_tag: bool

    @property
    def accepted(self) -> bool:
        """Whether both ends have ticked it."""
        return self.installer is not None and self.control_room is not None


class Signed(msgspec.Struct, frozen=True):
    """One end's signature; `media`: its drawing, "" for none or a deleted one."""

    by: str
    at: str
    media: str


class Sheet(msgspec.Struct, frozen=True):
    """A lane's sheet. `offline`: the engine does not answer, so that nothing is measured and nothing can be ticked."""

    lane: str
    name: str
    state: str
    state_text: str
    tone: str
    accepted: int
    rows: tuple[Row, ...]
    installer: Signed | None
    control_room: Signed | None
    tag: str
    offline: bool

    def signed(self, end: str) -> Signed | None:
        """The signature of an end."""
        return self.installer if end == "installer" else self.control_room

    def of_kind(self, kind: str) -> list[Row]:
        """The points of a kind."""
        return [row for row in self.rows if row.kind == kind]


TONES = {"open": "", "ticking": "warn", "ticked": "info", "signed": "info", "handed_over": "ok"}


class Teller:
    """Words for one language and the site's time."""

    def __init__(self, said: Words, zone: tzinfo) -> None:
        self.said = said
        self._zone = zone

    def sheet(
        self, view: AcceptanceView, lane: LaneView | None, drawings: Sequence[str] | None, *, offline: bool = False
    ) -> Sheet:
        """The sheet; `lane` is the lane as it is shown now, `drawings` the signatures that are kept (None: all)."""
        ends: dict[str, Any] = {end: self._signed(getattr(view, end), drawings) for end in ENDS}
        touched = sum(point.lost is not None and point.lost.keeps_tag for point in view.points)
        tagged = lane is not None and lane.mode == "locked"
        return Sheet(
            view.lane,
            view.name or view.lane,
            view.state,
            self.said(f"{_WORDS}.state.{view.state}"),
            TONES[view.state],
            view.accepted,
            tuple([self.row(point) for point in view.points]),
            tag=self.said(f"{_WORDS}.tag.{'one' if touched == 1 else 'many'}", n=touched) if tagged and touched else "",
            offline=offline,
            **ends,
        )

    def row(self, point: PointView) -> Row:
        """One point."""
        value = point.value if isinstance(point.value, Measured) else None
        return Row(
            point.id,
            point.kind,
            self.name(point),
            self._where(point),
            self.said.first(f"{_WORDS}.how.{point.name}", f"{_WORDS}.how.{point.kind}"),
            self.value(point, value) if value is not None else "",
            value is not None and _shows(point, value),
            self._cell(point, point.installer),
            self._cell(point, point.control_room),
            self._lost(point),
            point.lost is not None and point.lost.keeps_tag,
        )

    def name(self, point: PointView) -> str:
        """What the point is, with its number or device where there are several."""
        base = point.name.removeprefix("parked.")
        key = f"{_WORDS}.point.{base}"
        name = self.said.first(key, f"{_WORDS}.raw", value=point.name)
        if point.name.startswith("parked."):
            name = self.said(f"{_WORDS}.point.parked", loop=name)
        return name if point.part == point.basis.terminal else f"{name} {point.part}".rstrip()

    def value(self, point: PointView, value: Measured) -> str:
        """What was measured, in words."""
        if value.how == "set":
            return self._set(point.name, value.set if isinstance(value.set, str) else "")
        if point.name == "power_cycle":
            return self._of_device(value)
        if point.name in ("readers", "cameras"):
            return self._read(value)
        if point.kind == "measurement":
            return self._timed(value)
        if value.how == "seen":
            at = self._time(value.at)
            return self.said(f"{_WORDS}.value.switched", at=at) if at else self.said(f"{_WORDS}.value.seen")
        if point.name.startswith("parked."):
            return self._parked(value)
        return self._contact(value)

    def _contact(self, value: Measured) -> str:
        state = {True: "on", False: "off", None: "unknown"}[value.on if isinstance(value.on, bool) else None]
        on_at, off_at = self._time(value.on_at), self._time(value.off_at)
        said = self.said(f"{_WORDS}.value.{state}")
        if not on_at and not off_at:
            return f"{said} · {self.said(f'{_WORDS}.value.unchanged')}"
        told = [self.said(f"{_WORDS}.value.{which}_at", at=at) for which, at in (("on", on_at), ("off", off_at)) if at]
        return " · ".join([said, *told])

    def _parked(self, value: Measured) -> str:
        if not isinstance(value.ms, int):
            return self.said(f"{_WORDS}.value.no_car")
        key = "parked" if value.on is True else "parked_last"
        return self.said(f"{_WORDS}.value.{key}", seconds=value.ms // 1000)

    def _of_device(self, value: Measured) -> str:
        said = self.said(f"{_WORDS}.value.{'answers' if value.on is True else 'silent'}")
        off_at, on_at = self._time(value.off_at), self._time(value.on_at)
        if not off_at:
            return f"{said} · {self.said(f'{_WORDS}.value.not_cycled')}"
        return f"{said} · {self.said(f'{_WORDS}.value.cycled', off=off_at, on=on_at or '…')}"

    def _read(self, value: Measured) -> str:
        if value.credential is UNSET or isinstance(value.credential, msgspec.UnsetType):
            return self.said(f"{_WORDS}.value.nothing_read")
        return f"{value.credential.value} · {self._time(value.at)}"

    def _timed(self, value: Measured) -> str:
        if not isinstance(value.ms, int):
            return self.said(f"{_WORDS}.value.not_timed")
        return f"{value.ms} ms · {self._time(value.at)}"

    def _set(self, name: str, value: str) -> str:
        shown = self.said.first(f"{_WORDS}.set.{name}.{value}", f"{_WORDS}.raw", value=value)
        return f"{shown} ms" if name.endswith("_ms") else shown

    def _where(self, point: PointView) -> str:
        basis = point.basis
        if basis.terminal is None:
            return ""
        closed = f" · {self.said(f'{_WORDS}.normally_closed')}" if basis.normally == "closed" else ""
        return f"{basis.terminal}{closed}"

    def _cell(self, point: PointView, tick: TickView | None) -> Cell | None:
        if tick is None:
            return None
        return Cell(tick.by, self.moment(tick.at), self.value(point, tick.value))

    def _signed(self, signature: SignatureView | None, drawings: Sequence[str] | None) -> Signed | None:
        if signature is None:
            return None
        kept = signature.media and (drawings is None or signature.media in drawings)
        return Signed(signature.by, self.moment(signature.at), (signature.media or "") if kept else "")

    def _lost(self, point: PointView) -> str:
        lost = point.lost
        if lost is None:
            return ""
        by = self.said(f"{_WORDS}.gateway") if lost.by == "gateway" else lost.by
        return self.said(f"{_WORDS}.lost.{lost.reason}", by=by, at=self.moment(lost.at))

    def _time(self, text: str | msgspec.UnsetType) -> str:
        when = instant(text) if isinstance(text, str) else None
        return local_time(wall_ns_of(when), self._zone).strftime("%H:%M:%S") if when else ""

    def moment(self, text: str) -> str:
        """A moment with its day."""
        when = instant(text)
        return local_time(wall_ns_of(when), self._zone).strftime("%Y-%m-%d %H:%M") if when else text


def _shows(point: PointView, value: Measured) -> bool:
    """Whether what is measured shows that the point was tested."""
    if value.how == "set":
        return True
    if value.how == "seen":
        return isinstance(value.at, str)
    if point.name.startswith("parked."):
        return isinstance(value.ms, int) and value.ms >= PARKED_OK_MS
    if point.name == "power_cycle":
        return value.on is True and isinstance(value.off_at, str)
    if point.kind == "measurement" or point.name in ("readers", "cameras"):
        return isinstance(value.at, str)
    return isinstance(value.on_at, str) and isinstance(value.off_at, str)


def boards(settings: Settings, lane: str) -> list[str]:
    """The devices of a lane, for ways to the bench."""
    found = settings.lane(lane)
    if found is None:
        return []
    barrier = settings.barrier(found.barrier)
    wired = (
        *barrier.inputs().values(),
        *barrier.outputs().values(),
        *found.inputs().values(),
        *found.outputs().values(),
    )
    return list(dict.fromkeys((*(point.device for point in wired), *found.readers, *found.cameras, *found.displays)))
