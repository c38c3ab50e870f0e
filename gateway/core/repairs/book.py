"""The book of open repair orders. One cause has one open order: the same fault again joins it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from gateway.core.repairs.causes import Fault
from gateway.core.repairs.kinds import RepairKind, Urgency
from gateway.core.repairs.lifecycle import ROWS, RepairState, RepairVerb
from gateway.core.repairs.order import RepairOrder
from gateway.core.settings.model import Repairs, RepairTimes
from gateway.core.vocabulary.authors import GATEWAY, Author
from gateway.core.vocabulary.errors import NotFoundError, RefusedError
from gateway.core.vocabulary.reasons import Refusal
from gateway.core.vocabulary.rows import LimitChange, RepairOpened
from gateway.core.vocabulary.turn import NS_PER_S, Ids, Turn, rfc3339
from gateway.core.vocabulary.views import RepairsView

BY_HAND_MAX = 200
"""Open orders that were opened by hand; those of faults are bounded by the devices and lanes."""
_HOUR_NS = 3600 * NS_PER_S


class RepairBook:
    """Every open order of the site."""

    def __init__(self, orders: Iterable[RepairOrder], times: Repairs) -> None:
        self._open = {order.repair: order for order in orders}
        self._ids = Ids()
        self.times = times

    def begin(self, run: str) -> None:
        """A run begins: its orders have ids of its own."""
        self._ids.begin(run)

    def __iter__(self) -> Iterator[RepairOrder]:
        return iter(tuple(self._open.values()))

    def get(self, repair: str) -> RepairOrder:
        """The open order of that id; NotFoundError."""
        if (found := self._open.get(repair)) is None:
            raise NotFoundError(f"there is no open repair order {repair}")
        return found

    def of(self, cause: str) -> RepairOrder | None:
        """The open order of that cause."""
        return next((order for order in self._open.values() if order.cause == cause), None)

    def view(self) -> RepairsView:
        """How many are open."""
        orders = self._open.values()
        return RepairsView(
            open=len(orders),
            urgent=sum(1 for order in orders if order.urgency == Urgency.URGENT),
            reported=sum(1 for order in orders if order.state is RepairState.REPORTED),
            mend_by=min((order.mend_by for order in orders), default=None),
        )

    # ---- faults

    def fault(self, turn: Turn, fault: Fault) -> None:
        """Open an order, or join the open one of this cause; the same alarm joins it once."""
        found = self.of(fault.cause)
        if found is None:
            self._begin(turn, fault, fault.kind.urgency, GATEWAY)
        elif fault.alarm is None or fault.alarm != found.alarm:
            self.again(turn, found, fault)

    def again(self, turn: Turn, order: RepairOrder, fault: Fault) -> None:
        """The fault of an open order came again."""
        order.count += 1
        order.alarm = fault.alarm or order.alarm
        self._raise_urgency(turn, order, fault.kind.urgency)
        self._give_back(order)
        self._happens(turn, order, RepairVerb.JOIN, GATEWAY, what=fault.what)

    def by_hand(self, turn: Turn, fault: Fault, urgency: Urgency, author: Author, note: str) -> RepairOrder:
        """Open an order by hand; one of a device joins its open order. RefusedError when there are too many."""
        if fault.cause and (found := self.of(fault.cause)) is not None:
            found.count += 1
            self._raise_urgency(turn, found, urgency)
            self._give_back(found)
            self._happens(turn, found, RepairVerb.JOIN, author, note=note)
            return found
        if sum(1 for order in self._open.values() if order.kind == RepairKind.FINDING) >= BY_HAND_MAX:
            words = f"{BY_HAND_MAX} orders that were opened by hand are open; confirm the old ones first"
            raise RefusedError(words, code=Refusal.REPAIRS_FULL)
        return self._begin(turn, fault, urgency, author, note=note)

    def limits_changed(self, turn: Turn, order: RepairOrder, changed: dict[str, tuple[int | None, int | None]]) -> None:
        """Other settings changed limits of its barrier; one that is back at its old value is none."""
        known = {change.what: change for change in order.limits}
        for what, (before, after) in changed.items():
            first = known.pop(what).before if what in known else before
            if first != after:
                known[what] = LimitChange(what, first, after)
        order.limits = tuple(known.values())
        self._happens(turn, order, RepairVerb.CHANGE_LIMIT, GATEWAY)

    # ---- people

    def act(self, turn: Turn, order: RepairOrder, verb: RepairVerb, author: Author, *, to: str, note: str) -> None:
        """A person acts on an order; RefusedError changes nothing."""
        order.next(verb)
        match verb:
            case RepairVerb.ASSIGN:
                order.assigned_to, order.arrived_at = to, None
            case RepairVerb.ARRIVE:
                order.assigned_to, order.arrived_at = author.by, turn.at
            case RepairVerb.REPORT:
                order.reported_by = author.by
            case RepairVerb.REJECT:
                self._give_back(order)
            case RepairVerb.ACKNOWLEDGE_LIMIT:
                order.limits = tuple(
                    LimitChange(one.what, one.before, one.after, one.acknowledged_by or author.by)
                    for one in order.limits
                )
        self._happens(turn, order, verb, author, note=note)

    # ---- inside

    def _begin(
        self, turn: Turn, fault: Fault, urgency: Urgency, author: Author, *, note: str | None = None
    ) -> RepairOrder:
        repair, (on_site_by, mend_by) = self._ids.next("r"), self._due(turn, urgency)
        order = RepairOrder(
            repair,
            fault.kind.value,
            urgency.value,
            RepairState.OPEN,
            fault.cause or f"hand:{repair}",
            opened_at=turn.at,
            as_of=turn.at,
            on_site_by=on_site_by,
            mend_by=mend_by,
            lane=fault.lane,
            device=fault.device,
            alarm=fault.alarm,
        )
        self._open[repair] = order
        self._append(turn, order, RepairOpened, author, note=note, what=fault.what)
        return order

    def _raise_urgency(self, turn: Turn, order: RepairOrder, urgency: Urgency) -> None:
        """A more urgent fault of the same cause: its due times count where they come earlier."""
        risen = Urgency(order.urgency).rises_to(urgency)
        if risen != order.urgency:
            order.urgency = risen.value
            on_site_by, mend_by = self._due(turn, risen)
            order.on_site_by, order.mend_by = min(order.on_site_by, on_site_by), min(order.mend_by, mend_by)

    def _due(self, turn: Turn, urgency: Urgency) -> tuple[str, str]:
        """When a person must be on site and when it must be mended, from now."""
        times: RepairTimes = getattr(self.times, urgency.value)
        now_ns = turn.now.wall_ns
        return rfc3339(now_ns + times.on_site_h * _HOUR_NS), rfc3339(now_ns + times.mend_h * _HOUR_NS)

    def _give_back(self, order: RepairOrder) -> None:
        """An order that was reported mended, and is not, is repaired by the person who reported it."""
        if order.state is RepairState.REPORTED:
            order.assigned_to, order.arrived_at, order.reported_by = order.reported_by, None, None

    def _happens(
        self, turn: Turn, order: RepairOrder, verb: RepairVerb, author: Author,
        *, note: str | None = None, what: str | None = None,
    ) -> None:  # fmt: skip
        """Change the state, write the row of the verb, and forget an order that is confirmed."""
        order.change(verb)
        order.as_of = turn.at
        self._append(turn, order, ROWS[verb], author, note=note, what=what)
        if order.state is RepairState.CONFIRMED:
            del self._open[order.repair]

    def _append(self, turn: Turn, order: RepairOrder, kind: Any, author: Author, **said: str | None) -> None:
        way = {"via": author.via, "station": author.station} if author.person else {}
        more = {key: value for key, value in said.items() if value}
        turn.append(kind(**order.document(), by=author.by or None, **way, **more))
        turn.show()
