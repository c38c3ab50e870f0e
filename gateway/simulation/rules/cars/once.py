"""`once`: a QR code that lets in once."""

from __future__ import annotations

from gateway.core.vocabulary.rows.access import AccessGranted, AccessGrantedByHand
from gateway.core.vocabulary.rows.passage import PassageEntered
from gateway.simulation.rules.cars.known import CarsKnown, Given


class OnceRule:
    """Knows each code that came in, and by which lane; `used` tells whether at a person's word."""

    def __init__(self, known: CarsKnown) -> None:
        self._known = known
        self._used: dict[str, str] = {}
        self._not_durable: set[str] = set()

    def is_used(self, code: str) -> bool:
        """True for a code that came in."""
        return code in self._used

    def granted(self, row: AccessGranted | AccessGrantedByHand) -> None:
        """The gateway lets a code pass."""
        credential = row.credential
        if credential is None or credential.kind != "qr" or not self._known.all.sides[row.lane].entry:
            return
        if credential.value in self._used:
            raise self._known.all.broken("once", f"{row.lane} let code {credential.value} in again")

    def entered(self, row: PassageEntered, given: Given | None) -> None:
        """A car came in, by a grant or without one."""
        credential = row.credential
        if credential is None or credential.kind != "qr":
            return
        before = self._used.get(credential.value)
        by_gateway = given is not None and not given.person
        if before is not None and not before.startswith("word:") and by_gateway:
            what = f"{row.lane}: code {credential.value} came in, as before by {before}"
            raise self._known.all.broken("once", what)
        self._used[credential.value] = f"{'' if by_gateway else 'word:'}{row.lane}"
        self._not_durable.add(credential.value)

    def durable(self) -> None:
        """No row waits in memory."""
        self._not_durable.clear()

    def died(self) -> None:
        """What was only in memory is lost."""
        for code in self._not_durable:
            self._used.pop(code, None)
        self._not_durable.clear()
