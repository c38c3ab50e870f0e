"""Who is let in by what: `decision`, `factors` and `elsewhere`."""

from __future__ import annotations

from gateway.core.vocabulary.reasons import Reason
from gateway.core.vocabulary.rows.access import AccessGranted, AccessGrantedByHand, AccessReferred
from gateway.core.vocabulary.rows.base import UNSET, Credential, Row
from gateway.physics.arm import NS_PER_MS
from gateway.simulation.rules.known import ROWS_KEPT, Barrier, Known, OnRow
from gateway.simulation.story.holders import code_text, pass_id_of
from gateway.simulation.world.side import Side

CAME_MS = 3500
"""A read counts for three seconds before and after its car stands on the approach loop, and contacts take a moment."""
FACTORS_MS = 10_000
Granted = AccessGranted | AccessGrantedByHand


class DecisionRules:
    """A credential that was let in is one that may come in, and its car is there."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._to_pay: dict[str, tuple[str, Credential]] = {}

    def rows(self) -> dict[type[Row], OnRow]:
        """The rows that these rules look at."""
        return {AccessGranted: self._granted, AccessGrantedByHand: self._granted, AccessReferred: self._referred}

    def _referred(self, _barrier: Barrier, row: AccessReferred, _now_ns: int) -> None:
        """A car that must pay has proved itself before: a payment lets it out by these proofs, and by no other."""
        if row.reason != Reason.UNPAID.value or row.decided_by != "gateway" or row.credential is None:
            return
        side = self._known.sides[row.lane]
        if side.two_factor:
            self._proved(side, row.credential)
        self._to_pay[row.case or ""] = row.lane, row.credential
        if len(self._to_pay) > ROWS_KEPT:
            self._to_pay.pop(next(iter(self._to_pay)))

    def _granted(self, barrier: Barrier, row: Granted, now_ns: int) -> None:
        if row.credential is not None and row.decided_by == "gateway":
            asked = self._to_pay.get(row.case or "") == (row.lane, row.credential)
            proved = asked and self._known.settles
            self._let_in(self._known.sides[row.lane], row.credential, settled=_is_settled(row), proved=proved)
        barrier.grants[row.grant] = now_ns, row.lane
        barrier.stimulus = True
        if len(barrier.grants) > ROWS_KEPT:
            barrier.grants.pop(next(iter(barrier.grants)))

    def _let_in(self, side: Side, credential: Credential, *, settled: bool, proved: bool) -> None:
        """`settled`: at an exit, its stay is paid, so that its dates do not keep it inside.

        `proved`: a payment lets it out, by what it has shown when it was asked to pay.
        """
        if not settled and not self._known.admits(credential):
            raise self._known.broken("decision", f"{side.lane} let in {credential.kind} {credential.value}")
        if side.two_factor and not proved:
            self._proved(side, credential)
        gate, loop = side.gate, side.gate.loops[side.near]
        far = side.shape.get("long_range") and credential.kind == "card"
        if not far or side.near in gate.without or gate.troubled(CAME_MS):
            return
        if not loop.cars and self._known.ago_ms(loop.left_ns) > CAME_MS:
            raise self._known.broken("elsewhere", f"{side.lane} let in tag {credential.value}, and no car is there")

    def _proved(self, side: Side, credential: Credential) -> None:
        """A lane that requires card and plate has let a car in: both were read here just now, of one pass."""
        since_ns = self._known.world.now_ns - FACTORS_MS * NS_PER_MS
        lately = [(kind, value) for at_ns, kind, value in side.shown if at_ns >= since_ns]
        kind, value = credential.kind, credential.value
        if kind == "plate" or (kind, code_text(int(value, 16)) if kind == "qr" else value) not in lately:
            raise self._known.broken("factors", f"{side.lane} let in {credential}, and no such card or code was shown")
        plates = {pass_id_of("plate", value) for kind, value in lately if kind == "plate"}
        if pass_id_of(kind, value) not in plates:
            what = f"{side.lane} let in {credential} without its car's plate; it saw {lately}"
            raise self._known.broken("factors", what)


def _is_settled(row: Granted) -> bool:
    return row.direction == "exit" and row.charge is not UNSET and row.charge.amount > 0 and row.charge.due == 0
