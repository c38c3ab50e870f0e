"""The sheet of a lane as people see it, from its points and the book."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gateway.core.acceptance.book import Book, Lost, Signature, Tick
from gateway.core.acceptance.points import AcceptancePoint, of_lane, points_of
from gateway.core.settings.model import Lane, Settings
from gateway.core.vocabulary.rows import UNSET, Measured, UnsetType
from gateway.core.vocabulary.rows.acceptance import ENDS
from gateway.core.vocabulary.views import AcceptanceView, LostView, PointView, SignatureView, TickView

Value = Callable[[AcceptancePoint], Measured | UnsetType]


def sheet_of(
    lane: Lane, points: Iterable[AcceptancePoint], book: Book, value: Value = lambda _point: UNSET
) -> AcceptanceView:
    """The sheet; `value` gives what is measured of a point now."""
    shown = tuple([_point(point, book, value) for point in points])
    accepted = sum(book.is_accepted(point.id) for point in shown)
    signatures = {end: _signature(book.signatures(lane.id).get(end)) for end in ENDS}
    return AcceptanceView(
        lane=lane.id,
        name=lane.name,
        state=_state(shown, accepted, sum(one is not None for one in signatures.values())),
        accepted=accepted,
        points=shown,
        **signatures,
    )


def sheets_of(settings: Settings, book: Book) -> dict[str, AcceptanceView]:
    """The sheets of all lanes as the book has them, without what is measured now."""
    points = points_of(settings)
    return {lane.id: sheet_of(lane, of_lane(points, lane.id), book) for lane in settings.lanes}


def _state(points: tuple[PointView, ...], accepted: int, signed: int) -> str:
    if accepted < len(points):
        return "ticking" if any(one.installer or one.control_room for one in points) else "open"
    return ("ticked", "signed", "handed_over")[signed]


def _point(point: AcceptancePoint, book: Book, value: Value) -> PointView:
    ticks = {end: _tick(book.ticks(point.id).get(end)) for end in ENDS}
    return PointView(
        id=point.id,
        kind=point.kind.value,
        name=point.name,
        part=point.part,
        basis=point.basis,
        lost=_lost(book.lost(point.id)),
        value=value(point),
        **ticks,
    )


def _tick(tick: Tick | None) -> TickView | None:
    return None if tick is None else TickView(by=tick.by, at=tick.at, value=tick.value)


def _lost(lost: Lost | None) -> LostView | None:
    if lost is None:
        return None
    return LostView(reason=lost.reason, by=lost.by, at=lost.at, keeps_tag=bool(lost.barriers))


def _signature(signature: Signature | None) -> SignatureView | None:
    return None if signature is None else SignatureView(by=signature.by, at=signature.at, media=signature.media)
