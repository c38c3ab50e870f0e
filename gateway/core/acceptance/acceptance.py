"""Point-to-point acceptance as a subsystem: people tick and sign; settings, faults and repairs take ticks away."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gateway.core.acceptance.book import AcceptanceMemory, Book, Lost, Signature, Tick, is_complete
from gateway.core.acceptance.faults import doubted
from gateway.core.acceptance.measuring import Measuring
from gateway.core.acceptance.points import AcceptancePoint, difference, of_lane, points_of
from gateway.core.acceptance.sheet import sheet_of
from gateway.core.acceptance.touched import TouchedPoints
from gateway.core.settings.exchange import SettingsChanged
from gateway.core.settings.model import Settings
from gateway.core.subsystem import Followers, Handlers, Subsystem
from gateway.core.vocabulary import events, rows
from gateway.core.vocabulary.authors import GATEWAY
from gateway.core.vocabulary.commands import Reply
from gateway.core.vocabulary.reasons import Refusal
from gateway.core.vocabulary.rows.acceptance import ENDS
from gateway.core.vocabulary.turn import Turn
from gateway.core.vocabulary.views import AcceptanceView

FAULTS = (rows.DeviceLost, rows.BarrierCrashed, rows.BarrierStuck, rows.BarrierStruckVehicle)
"""Rows after which points must be tested again, where they come under a tag."""


class Acceptance(Subsystem):
    """The book of one site and what changes it."""

    def __init__(self, settings: Settings, memory: AcceptanceMemory) -> None:
        self.touched = TouchedPoints()
        self._settings = settings
        self._points = points_of(settings)
        self._book = Book(memory.acceptance)
        self._measuring = Measuring()
        self._is_tagged: Callable[[str], bool] = lambda _barrier: False
        self._tell_touched()

    def asks_tags_of(self, is_tagged: Callable[[str], bool]) -> None:
        """`is_tagged` says whether a barrier carries a maintenance tag."""
        self._is_tagged = is_tagged

    def handlers(self) -> Handlers:
        """People's acts, devices, settings."""
        return {
            events.AcceptanceReceived: self.received,
            events.AcceptanceAsked: self.asked,
            events.InputsRead: self.inputs_read,
            events.CredentialRead: self.credential_read,
            events.DeviceLost: self.device_lost,
            events.DeviceRestored: self.device_restored,
            events.OutputDone: self.output_done,
            events.Started: self.started,
            SettingsChanged: self.settings_changed,
        }

    def followers(self) -> Followers:
        """The ends of movements, faults, and the end of a tag."""
        return {
            rows.BarrierOpened: self.moved,
            rows.BarrierClosed: self.moved,
            rows.BarrierUnlocked: self.unlocked,
            **dict.fromkeys(FAULTS, self.faulted),
            rows.RepairReported: self.repaired,
        }

    # ---- what is measured

    def inputs_read(self, turn: Turn, event: events.InputsRead) -> None:
        """The inputs of a device have changed."""
        self._measuring.inputs_read(event.device, event.inputs, turn.now)

    def credential_read(self, turn: Turn, event: events.CredentialRead) -> None:
        """A reader or a camera has read something."""
        self._measuring.read(event, turn.now)

    def device_lost(self, turn: Turn, event: events.DeviceLost) -> None:
        """A device does not answer."""
        self._measuring.silent(event.device, turn.now)

    def device_restored(self, turn: Turn, event: events.DeviceRestored) -> None:
        """A device answers."""
        self._measuring.answers(event.device, turn.now, event.inputs)

    def output_done(self, turn: Turn, event: events.OutputDone) -> None:
        """An output was switched."""
        self._measuring.switched(event.device, event.output, turn.now)

    def moved(self, turn: Turn, row: rows.MovementRow) -> None:
        """The arm has reached an end."""
        self._measuring.moved(row, turn.now)

    # ---- what people do

    def asked(self, turn: Turn, event: events.AcceptanceAsked) -> None:
        """A page asks for a sheet."""
        sheet = self._sheet(turn, event.lane)
        if sheet is None:
            turn.emit(Reply(event.request, "refused", Refusal.UNKNOWN_LANE.value))
        else:
            turn.emit(Reply(event.request, "done", acceptance=sheet))

    def received(self, turn: Turn, event: events.AcceptanceReceived) -> None:
        """An end ticks, takes a tick back, or signs."""
        refused = self._refusal(event)
        if refused is not None:
            turn.emit(Reply(event.request, "refused", refused.value))
            return
        match event.what:
            case "tick":
                self._tick(turn, event)
            case "withdraw":
                point = self._points[event.point]
                self._lose(turn, point.id, "withdrawn", point.lanes, event.by, event.via, (event.end,))
            case "sign":
                self._sign(turn, event)
        turn.emit(Reply(event.request, "done", acceptance=self._sheet(turn, event.lane)))

    def _refusal(self, event: events.AcceptanceReceived) -> Refusal | None:
        if self._settings.lane(event.lane) is None:
            return Refusal.UNKNOWN_LANE
        if not event.by:
            return Refusal.NAME_MISSING
        if event.end not in ENDS:
            return Refusal.UNKNOWN_END
        if event.what == "sign":
            return self._why_not_signed(event)
        if event.what not in ("tick", "withdraw"):
            return Refusal.UNKNOWN_COMMAND
        point = self._points.get(event.point)
        if point is None or event.lane not in point.lanes:
            return Refusal.UNKNOWN_POINT
        ticks = self._book.ticks(point.id)
        if event.what == "withdraw":
            return None if event.end in ticks else Refusal.NOT_TICKED
        others = [tick.by for end, tick in ticks.items() if end != event.end]
        return Refusal.SAME_PERSON if event.by in others else None

    def _why_not_signed(self, event: events.AcceptanceReceived) -> Refusal | None:
        signatures = self._book.signatures(event.lane)
        if not is_complete(self._book, of_lane(self._points, event.lane)):
            return Refusal.POINTS_OPEN
        if event.end in signatures:
            return Refusal.SIGNED_ALREADY
        return Refusal.SAME_PERSON if event.by in [one.by for one in signatures.values()] else None

    def _tick(self, turn: Turn, event: events.AcceptanceReceived) -> None:
        point = self._points[event.point]
        value = self._measuring.value(point, turn.now)
        self._book.tick(Tick(point.id, event.end, event.by, turn.at, value, point.basis, point.lanes))
        self._tell_touched()
        turn.append(
            rows.AcceptanceTicked(
                lane=event.lane,
                point=point.id,
                kind=point.kind.value,
                end=event.end,
                value=value,
                basis=point.basis,
                lanes=point.lanes,
                by=event.by,
                via=event.via or None,
                station=event.station or None,
            )
        )
        turn.show()

    def _sign(self, turn: Turn, event: events.AcceptanceReceived) -> None:
        media = event.media or None
        self._book.sign(Signature(event.lane, event.end, event.by, turn.at, media))
        turn.append(
            rows.AcceptanceSigned(
                lane=event.lane,
                end=event.end,
                value=rows.SheetFigures(len(of_lane(self._points, event.lane))),
                media=media,
                handed_over=len(self._book.signatures(event.lane)) == len(ENDS),
                by=event.by,
                via=event.via or None,
                station=event.station or None,
            )
        )

    # ---- what takes ticks away

    def started(self, turn: Turn, event: events.Started) -> None:
        """A run begins: settings may have changed while no engine ran."""
        self._compare(turn, self._known(), event.settings_by or GATEWAY.by, None)

    def _known(self) -> dict[str, AcceptancePoint]:
        """The points without those that were added to a signed lane while no engine ran."""
        signed = {lane.id for lane in self._settings.lanes if self._book.signatures(lane.id)}
        return {
            point_id: point
            for point_id, point in self._points.items()
            if self._book.is_accepted(point_id) or not signed.intersection(point.lanes)
        }

    def settings_changed(self, turn: Turn, event: SettingsChanged) -> None:
        """Other settings hold: a tick on what is wired or set otherwise does not count."""
        before, old, self._settings = self._points, self._settings, event.settings
        self._points = points_of(event.settings)
        gone = {device.id for device in event.settings.devices}
        self._measuring.forget(event.devices | {point.device for point in before.values()} - gone)
        # The points of a lane that is new, or has another id, were never part of a sheet.
        new = {lane.id for lane in event.settings.lanes} - {lane.id for lane in old.lanes}
        known = before | {name: one for name, one in self._points.items() if new.issuperset(one.lanes)}
        self._compare(turn, known, event.by, event.via)

    def _compare(self, turn: Turn, before: dict[str, AcceptancePoint], by: str, via: str | None) -> None:
        for point_id in dict.fromkeys((*self._book.ticked, *before, *self._points)):
            known = {**self._book.ticks(point_id)}
            after, old = self._points.get(point_id), before.get(point_id)
            basis = next((tick.basis for tick in known.values()), old.basis if old is not None else None)
            lanes = next((tick.lanes for tick in known.values()), old.lanes if old is not None else ())
            reason = _reason(basis, after)
            if reason is not None:
                self._lose(turn, point_id, reason, (*lanes, *(after.lanes if after is not None else ())), by, via)

    def faulted(self, turn: Turn, row: rows.Row) -> None:
        """Something failed; under a tag the points that it concerns must be tested again."""
        self._doubt(turn, row, "faulted", GATEWAY.by, None)

    def repaired(self, turn: Turn, row: rows.RepairReported) -> None:
        """A person has mended something; under a tag the points that it concerns must be tested again."""
        self._doubt(turn, row, "repaired", row.by or GATEWAY.by, row.via or None)

    def _doubt(self, turn: Turn, row: rows.Row, reason: str, by: str, via: str | None) -> None:
        for point_id in doubted(row, self._points.values()):
            if self._tagged(self._points[point_id]):
                self._lose(turn, point_id, reason, self._points[point_id].lanes, by, via)

    def unlocked(self, _turn: Turn, row: rows.BarrierUnlocked) -> None:
        """A tag came off."""
        self._book.untag(row.barrier)
        self._tell_touched()

    def _lose(
        self, turn: Turn, point_id: str, reason: str, lanes: Iterable[str], by: str, via: str | None,
        ends: tuple[str, ...] = ENDS,
    ) -> None:  # fmt: skip
        """A point must be ticked again; nothing to say of one that has no tick and that no tag or signature is on."""
        ticks, point = self._book.ticks(point_id), self._points.get(point_id)
        gone = tuple(end for end in ends if end in ticks)
        its_lanes = tuple(dict.fromkeys(lanes))
        tagged = self._tagged(point) if point is not None and reason != "withdrawn" else ()
        known = self._book.lost(point_id)
        binds_more = set(tagged) - (known.barriers if known is not None else frozenset())
        is_over = known is not None and reason == "removed"
        if not (gone or binds_more or is_over or any(self._book.signatures(lane) for lane in its_lanes)):
            return
        last = max((ticks[end] for end in gone), key=lambda tick: tick.at, default=None)
        self._book.lose(Lost(point_id, reason, by, turn.at, frozenset(tagged)), gone, its_lanes)
        self._tell_touched()
        turn.append(
            rows.AcceptanceLost(
                lane=its_lanes[0],
                point=point_id,
                reason=reason,
                ends=gone,
                value=last.value if last is not None else None,
                lanes=its_lanes,
                tagged=tagged,
                by=by,
                via=via,
            )
        )
        turn.show()

    def _tagged(self, point: AcceptancePoint) -> tuple[str, ...]:
        """The barriers of a point that carry a tag."""
        barriers = dict.fromkeys(lane.barrier for lane in self._settings.lanes if lane.id in point.lanes)
        return tuple(barrier for barrier in barriers if self._is_tagged(barrier))

    def _tell_touched(self) -> None:
        self.touched.set(self._book.touched())

    # ---- what is shown

    def _sheet(self, turn: Turn, lane_id: str) -> AcceptanceView | None:
        lane = self._settings.lane(lane_id)
        if lane is None:
            return None
        points = of_lane(self._points, lane_id)
        return sheet_of(lane, points, self._book, lambda point: self._measuring.value(point, turn.now))


def _reason(basis: rows.Basis | None, after: AcceptancePoint | None) -> str | None:
    """Why the ticks of a point no longer count; None when they do, or when it never was."""
    if after is None:
        return "removed"
    return "added" if basis is None else difference(basis, after.basis)
