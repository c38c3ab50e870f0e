"""What a visit costs, worked out for who asks: from the projections, in the clerk's thread and not in the core's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from gateway.core.charges.bill import MINUTE_NS, STAY_MAX, free
from gateway.core.payments.bills import Bills, CountryDays
from gateway.core.settings.model import Settings
from gateway.core.vocabulary.errors import NotFoundError, VisitError
from gateway.core.vocabulary.events import Account
from gateway.core.vocabulary.passes import Pass
from gateway.core.vocabulary.views import ChargeView, VisitView
from gateway.engine.socket.requests import read, wall_ns
from gateway.engine.visits.requests import VisitCharge

DAY_NS = 1_440 * MINUTE_NS


class Accounts(Protocol):
    """The needed part of `State`."""

    def account(self, visit: str, reentry_ns: int = 0) -> Account | None:
        """What was done about the charge of a visit that has begun."""

    def visit(self, visit: str) -> VisitView | None:
        """The visit of that id."""


class Registry(Protocol):
    """The needed part of `PassRegistry`."""

    def get(self, pass_id: str) -> Pass:
        """The pass of that id; NotFoundError."""


class Prices:
    """Serves `visits.charge`."""

    def __init__(
        self,
        accounts: Accounts,
        registry: Registry,
        country_days: Callable[[], CountryDays],
        wall_ns: Callable[[], int],
        caught_up: Callable[[], None],
    ) -> None:
        """`caught_up` waits a bounded time until the projections have the rows of now."""
        self._accounts = accounts
        self._registry = registry
        self._country_days = country_days
        self._wall_ns = wall_ns
        self._caught_up = caught_up

    def settings_changed(self, settings: Settings) -> None:
        """These settings hold from now on."""
        self._settings = settings

    def charge(self, params: dict[str, Any]) -> dict[str, Any]:
        """What a visit costs, at an instant or now; nothing before it has begun, and where no tariff holds for it."""
        asked = read(VisitCharge, params)
        self._caught_up()
        answer: dict[str, Any] = msgspec.to_builtins(self._view(asked))
        return answer

    def _view(self, asked: VisitCharge) -> ChargeView:
        now_ns = self._wall_ns()
        at_ns = wall_ns(asked.at, "at") or now_ns
        if at_ns > now_ns + STAY_MAX * DAY_NS:
            raise VisitError(f"at is {asked.at}; give an instant at most {STAY_MAX} days ahead")
        reentry_ns = self._settings.prices.charging.reentry_minutes * MINUTE_NS
        account = self._accounts.account(asked.visit, reentry_ns)
        if account is None:
            if self._accounts.visit(asked.visit) is None:
                raise NotFoundError(f"there is no visit {asked.visit!r}")
            return free(asked.visit, None, at_ns)
        bills = Bills(self._settings, self._country_days())
        bill = bills.of(account, self._pass_of(account), max(at_ns, account.entered_wall_ns))
        return bill.view() if bill is not None else free(asked.visit, account.entered_wall_ns, at_ns)

    def _pass_of(self, account: Account) -> Pass | None:
        try:
            return self._registry.get(account.pass_id) if account.pass_id else None
        except NotFoundError:
            return None
