"""Look-ups for a read: its passes, open visits and places, passed to the core along with it.

Only facts that a rule of the site needs are looked up: visits at exits and with anti-passback, places at entries of a
site with groups or a capacity and only for passes that need one.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Protocol

import msgspec

from gateway.core.access.places import has_bay
from gateway.core.access.recent import KEPT_MAX
from gateway.core.charges.bill import MINUTE_NS
from gateway.core.settings.model import Direction, Settings
from gateway.core.vocabulary.errors import GatehouseError, NotFoundError, error_place
from gateway.core.vocabulary.events import (
    Account,
    CredentialRead,
    Debt,
    Entry,
    ExpectedVisit,
    Listed,
    Occupancy,
    OpenVisit,
    PaymentReceived,
    ReductionReceived,
    StayCommandReceived,
)
from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.core.vocabulary.rows import Credential
from gateway.store.listed.table import credentials as known_by
from gateway.store.passes.codes import OF_VISIT, PassCode, name_of_foreign, narrowed
from gateway.store.passes.credentials import CardBits

log = logging.getLogger(__name__)
NAMELESS_PIN = "pin"
"""What stands for a PIN where no key can be had."""


class Registry(Protocol):
    """The needed part of `PassRegistry`."""

    def find(self, kind: str, value: str, card_bits: CardBits = "full") -> tuple[Pass, ...]:
        """The passes that a credential belongs to."""

    def get(self, pass_id: str) -> Pass:
        """The pass of that id; NotFoundError."""

    def of_group(self, group: str) -> tuple[str, ...]:
        """The ids of the passes that name a group."""


class Visits(Protocol):
    """The needed part of `State`."""

    def open_visits(self, pass_id: str | None, credential: str | None) -> tuple[OpenVisit, ...]:
        """The open visits of a pass, or of a credential that has none, newest first."""

    def group_inside(self, passes: Sequence[str]) -> tuple[str, tuple[str, ...]]:
        """Which of these passes are inside, after which passage."""

    def cars_inside(self, but: str, most: int) -> tuple[str, int]:
        """How many other cars are inside, after which passage."""

    def last_passage(self) -> str:
        """The passage that was applied last, by its name."""

    def code_used(self, name: str) -> bool:
        """Whether a QR code was used."""

    def expected(self, kind: str, value: str, card_bits: CardBits = "full") -> tuple[ExpectedVisit, ...]:
        """Who is expected, or inside, by a plate, a card or the id of a visit (`kind` is `visit`)."""

    def stay(self, visit: str) -> tuple[OpenVisit, ...]:
        """The open visit of that id, if there is one."""

    def account(self, visit: str, reentry_ns: int = 0) -> Account | None:
        """What was done about the charge of a visit that has begun."""

    def entry(self, name: str) -> Entry | None:
        """The payment, validation or waiver of that name."""

    def debts(self, values: Iterable[str]) -> tuple[Debt, ...]:
        """What a car with one of these plates or cards owes."""

    def listed_of(self, shown: Collection[Credential], card_bits: CardBits = "full") -> tuple[Listed, ...]:
        """The entries of the lists of vehicles with one of these plates and cards."""


class Codes(Protocol):
    """The needed part of `PassCodes`."""

    def check(self, text: str) -> PassCode | None:
        """The content of a QR code; None for a foreign one."""

    def pin_name(self, pin: str) -> str:
        """What stands for a PIN in the journal."""


class Lookups:
    """Point look-ups on read connections of the core thread; microseconds each.

    A QR code is checked here. The core gets its name, its pass within the validity of the code, and whether it was
    used. A foreign code becomes a name without a pass; its text is not passed on. Nor is a PIN: it gets a name too.
    """

    def __init__(self, registry: Registry, visits: Visits, settings: Settings, codes: Codes | None = None) -> None:
        self._registry = registry
        self._visits = visits
        self._codes = codes
        self.settings_changed(settings)

    def settings_changed(self, settings: Settings) -> None:
        """Look up what these settings need; in the core thread."""
        self._zone = settings.zone
        self._card_bits: CardBits = settings.site.card_bits
        self._asks_visits = _asking_visits(settings)
        self._groups = frozenset(group.id for group in settings.groups)
        self._capacity = settings.site.capacity
        self._buildings = {one.id: one for one in settings.buildings}
        self._asks_places = _asking_places(settings)
        charging = settings.prices.charging
        self._charges, self._reentry_ns = bool(charging.rules), charging.reentry_minutes * MINUTE_NS
        self._asks_accounts = _at_exits(settings) if self._charges else frozenset()

    def enrich(self, read: CredentialRead) -> CredentialRead:
        """The read with its passes and visits; without them if the store fails, so that a guard decides."""
        found = self._enrich(read)
        listed = self._listed_of(found)
        return msgspec.structs.replace(found, listed=listed) if listed else found

    def _listed_of(self, read: CredentialRead) -> tuple[Listed, ...]:
        """The entries of the lists of vehicles; none if the store fails, so that no car is refused for that."""
        plates = [plate for one in read.passes for plate in one.plates]
        plates += [one.plate for one in read.expected if one.plate]
        cards = [card for one in read.passes for card in one.cards]
        try:
            return self._visits.listed_of(tuple(known_by(read.kind, read.value, plates, cards)), self._card_bits)
        except GatehouseError as error:
            log.error("the lists of vehicles could not be looked up: %s", error)
            return ()

    def _enrich(self, read: CredentialRead) -> CredentialRead:
        if read.kind == "qr":
            return self._enrich_code(read)
        if read.kind == "pin":
            read = msgspec.structs.replace(read, value=self._pin_name(read.value))
        try:
            passes = self._registry.find(read.kind, read.value, self._card_bits)
            expected = self._directed(self._visits.expected(read.kind, read.value, self._card_bits))
            asks = bool(expected) or read.device in self._asks_visits
            after = self._visits.last_passage() if asks else ""
            visits = self._visits_of(read, passes, expected) if asks else ()
        except GatehouseError as error:
            log.error("the pass of a %s could not be looked up: %s", read.kind, error)
            return read
        return msgspec.structs.replace(
            read,
            passes=passes,
            visits=visits,
            after=after,
            occupancy=self._occupancy(read, (*passes, *visitors_as_passes(expected))),
            expected=expected,
            **self._money(read, passes, visits, expected),
        )

    def name(self, asked: StayCommandReceived) -> StayCommandReceived:
        """What a person says of a car without a card, with the stay that is named and its pass."""
        if not asked.visit:
            return asked
        try:
            after, stays = self._visits.last_passage(), self._visits.stay(asked.visit)
            account = self._visits.account(asked.visit, self._reentry_ns) if self._charges else None
            found = self._pass_of(account) if account is not None else self._pass_by(stays)
        except GatehouseError as error:
            log.error("a stay could not be looked up: %s", error)
            return asked
        return msgspec.structs.replace(
            asked,
            stays=stays,
            passes=() if found is None else (found,),
            accounts=() if account is None else (account,),
            after=after,
        )

    def _pass_by(self, stays: tuple[OpenVisit, ...]) -> Pass | None:
        try:
            return next((self._registry.get(one.pass_id) for one in stays if one.pass_id is not None), None)
        except NotFoundError:
            return None

    def _money(
        self,
        read: CredentialRead,
        passes: tuple[Pass, ...],
        visits: tuple[OpenVisit, ...],
        expected: tuple[ExpectedVisit, ...],
    ) -> dict[str, Any]:
        """What was done about the charges of these visits, and what the car owes; nothing if the store fails.

        A site without charges looks nothing up.
        """
        if not self._charges:
            return {}
        plates = [plate for one in passes for plate in one.plates] + [one.plate for one in expected if one.plate]
        cards = [card for one in passes for card in one.cards]
        try:
            debts = self._visits.debts((read.value, *plates, *cards))
            asked = visits[:1] if read.device in self._asks_accounts else ()
            accounts = [self._visits.account(one.visit, self._reentry_ns) for one in asked]
        except GatehouseError as error:
            log.error("the account of a %s could not be looked up: %s", read.kind, error)
            return {}
        return {"debts": debts, "accounts": tuple([one for one in accounts if one is not None])}

    def settle(self, asked: PaymentReceived | ReductionReceived) -> PaymentReceived | ReductionReceived:
        """A payment, a validation or a waiver with the account of its visit, and whether it was booked before."""
        name = asked.payment if isinstance(asked, PaymentReceived) else asked.name
        account = self._visits.account(asked.visit, self._reentry_ns)
        found = self._pass_of(account)
        return msgspec.structs.replace(asked, account=account, pass_=found, before=self._visits.entry(name))

    def _pass_of(self, account: Account | None) -> Pass | None:
        try:
            return self._registry.get(account.pass_id) if account is not None and account.pass_id else None
        except NotFoundError:
            return None

    def _pin_name(self, pin: str) -> str:
        try:
            return self._codes.pin_name(pin) if self._codes is not None else NAMELESS_PIN
        except GatehouseError as error:
            log.error("a PIN could not be named: %s", error)
            return NAMELESS_PIN

    def _enrich_code(self, read: CredentialRead) -> CredentialRead:
        named = msgspec.structs.replace(read, value=name_of_foreign(read.value))
        try:
            code = self._codes.check(read.value) if self._codes is not None else None
            if code is None:
                return named
            named = msgspec.structs.replace(read, value=code.name, single_use=True)
            if code.pass_id.startswith(OF_VISIT):
                return self._enrich_visitor(named, code.pass_id.removeprefix(OF_VISIT))
            passes = (narrowed(self._registry.get(code.pass_id), code, self._zone),)
            after = self._visits.last_passage()
            visits = self._visits.open_visits(None, code.name)
            used = self._visits.code_used(code.name)
        except NotFoundError:
            return named
        except GatehouseError as error:
            log.error("a QR code could not be looked up: %s", error)
            return named
        return msgspec.structs.replace(
            named,
            passes=passes,
            visits=visits,
            used=used,
            after=after,
            occupancy=self._occupancy(named, passes),
            **self._money(named, passes, visits, ()),
        )

    def _enrich_visitor(self, named: CredentialRead, visit: str) -> CredentialRead:
        """A visitor's code, which says who is expected."""
        expected = self._directed(self._visits.expected("visit", visit))
        visits = self._visits.stay(visit)
        return msgspec.structs.replace(
            named,
            visits=visits,
            after=self._visits.last_passage(),
            occupancy=self._occupancy(named, visitors_as_passes(expected)),
            expected=expected,
            **self._money(named, (), visits, expected),
        )

    def _directed(self, expected: tuple[ExpectedVisit, ...]) -> tuple[ExpectedVisit, ...]:
        """The visitors with where each is to go, for the lane's display."""
        if not self._buildings:
            return expected
        return tuple([self._with_way(one) for one in expected])

    def _with_way(self, one: ExpectedVisit) -> ExpectedVisit:
        building = self._buildings.get(one.building or "")
        return one if building is None else msgspec.structs.replace(one, shown=building.shown(goods=one.goods))

    def _visits_of(
        self, read: CredentialRead, passes: tuple[Pass, ...], expected: tuple[ExpectedVisit, ...]
    ) -> tuple[OpenVisit, ...]:
        found = [stay for one in expected if one.entered for stay in self._visits.stay(one.visit)]
        if not passes:
            return tuple(found) or self._visits.open_visits(None, read.value)
        found += [visit for one in passes for visit in self._visits.open_visits(one.id, None)]
        if len(found) > 1:
            found.sort(key=lambda visit: visit.entered_wall_ns, reverse=True)
        return tuple(found)

    def _occupancy(self, read: CredentialRead, passes: tuple[Pass, ...]) -> tuple[Occupancy, ...]:
        """The places taken inside; none if the store fails, so that no car is refused for that."""
        if read.device not in self._asks_places:
            return ()
        try:
            return tuple([found for one in passes if (found := self._occupancy_of(one, read.value)) is not None])
        except GatehouseError as error:
            log.error("the places for a %s could not be counted: %s", read.kind, error)
            return ()

    def _occupancy_of(self, found: Pass, credential: str) -> Occupancy | None:
        if found.group in self._groups:
            others = tuple([one for one in self._registry.of_group(found.group) if one != found.id])
            if not others:
                return None
            after, inside = self._visits.group_inside(others)
            return Occupancy(found.id, others=others, inside=inside, after=after)
        if self._capacity is None or has_bay(found):
            return None
        after, cars = self._visits.cars_inside(credential, self._capacity + KEPT_MAX)
        return Occupancy(found.id, cars=cars, after=after)


def visitors_as_passes(expected: tuple[ExpectedVisit, ...]) -> tuple[Pass, ...]:
    """Visitors as places see them: temporary, without a bay."""
    return tuple([Pass(one.visit, PassKind.TEMPORARY) for one in expected])


def unknown(read: CredentialRead, error: Exception) -> CredentialRead:
    """A read whose look-up failed; a value that may be a secret is removed."""
    value = {"qr": name_of_foreign(read.value), "pin": NAMELESS_PIN}.get(read.kind, read.value)
    return msgspec.structs.replace(read, value=value, fault=error_place(error))


def _asking_visits(settings: Settings) -> frozenset[str]:
    """The readers whose decisions need visits: at exits; with anti-passback everywhere."""
    everywhere = settings.site.anti_passback != "off"
    lanes = [lane for lane in settings.lanes if everywhere or lane.direction is Direction.EXIT]
    return frozenset(device for lane in lanes for device in (*lane.readers, *lane.cameras))


def _at_exits(settings: Settings) -> frozenset[str]:
    lanes = [lane for lane in settings.lanes if lane.direction is Direction.EXIT]
    return frozenset(device for lane in lanes for device in (*lane.readers, *lane.cameras))


def _asking_places(settings: Settings) -> frozenset[str]:
    """The readers at entries, if the site counts places."""
    if not settings.groups and settings.site.capacity is None:
        return frozenset()
    lanes = [lane for lane in settings.lanes if lane.direction is Direction.ENTRY]
    return frozenset(device for lane in lanes for device in (*lane.readers, *lane.cameras))
