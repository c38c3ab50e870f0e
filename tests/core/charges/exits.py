"""A site with a tariff and an exit, whose cars have been inside for a while."""

from __future__ import annotations

from typing import Any

from gateway.core.vocabulary import commands, events
from gateway.core.vocabulary.commands import Reply
from gateway.core.vocabulary.events import Account, ExpectedVisit, OpenVisit
from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.core.vocabulary.rows import Credential, PassageEntered
from gateway.core.vocabulary.views import LaneView
from tests.core.playbook import Playbook, site_document, written

MINUTE_NS = 60 * 1_000_000_000
HOUR_NS = 60 * MINUTE_NS
TEMPORARY = Pass("t1", PassKind.TEMPORARY, cards=("77",))
TARIFF = {
    "id": "visitor", "currency": "CNY", "free_minutes": 30,
    "blocks": [{"minutes": 60, "price": 500}, {"minutes": 60, "price": 200}],
}  # fmt: skip


def charging_site(direction: str = "exit", barrier: dict[str, Any] | None = None, **charging: Any) -> dict[str, Any]:
    document = site_document(**(barrier or {}))
    document["lanes"][0]["direction"] = direction
    rules = charging.pop("rules", [{"pass_kind": "temporary", "tariff": "visitor"}])
    return {**document, "tariffs": [TARIFF], "charging": {"rules": rules, **charging}}


class ExitPlay(Playbook):
    """An exit where visits of some age are read."""

    def __init__(self, document: dict[str, Any] | None = None, *given: Any, **more: Any) -> None:
        super().__init__(document or charging_site(), *given, **more)

    def next_run(self, *given: Any, **more: Any) -> ExitPlay:
        return ExitPlay(*given, **more)

    def stay(self, minutes: int, visit: str = "v1", found: Pass | None = None, value: str = "77") -> OpenVisit:
        entered_ns = self.now().wall_ns - minutes * MINUTE_NS
        return OpenVisit(visit, found.id if found else None, None, entered_ns, value)

    def leaves(self, stay: OpenVisit, *, found: Pass | None = None, stands: bool = True, **more: Any) -> None:
        """A visitor with that stay is read at the exit."""
        if stands:
            self.set(approach_loop=True)
        passes = (found,) if found is not None else ()
        expected = ()
        if found is None and more.pop("registered", True):
            now_ns = self.now().wall_ns
            expected = (ExpectedVisit(stay.visit, stay.entered_wall_ns, now_ns + HOUR_NS, None, True),)
        self.read(stay.credential or "77", passes=passes, expected=expected, visits=(stay,), **more)

    def account(self, stay: OpenVisit, **more: Any) -> Account:
        return Account(stay.visit, stay.pass_id, stay.entered_wall_ns, **more)

    def pays(self, stay: OpenVisit, amount: int, key: str = "k1", found: Pass | None = None, **more: Any) -> Reply:
        account = more.pop("account", self.account(stay))
        way = {"method": "cash", "by": "Lin", "via": "guard", **more}
        self.happens(events.PaymentReceived(f"r-{key}", key, stay.visit, amount, account=account, pass_=found, **way))
        return self.replies[f"r-{key}"]

    def reduces(self, stay: OpenVisit, key: str = "k1", **more: Any) -> Reply:
        way = {"by": "Chen", "via": "guard", "reason": "complaint", **more}
        self.happens(events.ReductionReceived(f"r-{key}", key, stay.visit, account=self.account(stay), **way))
        return self.replies[f"r-{key}"]

    def opened(self) -> int:
        """How often the arm was told to open."""
        return len([one for one in self.outputs if one[1] == "open"])

    def view(self) -> LaneView:
        """The exit as screens get it."""
        return self.site.snapshot().lanes[0]

    def kept_entry(self, stay: OpenVisit) -> None:
        """The journal has the entry of that stay."""
        row = PassageEntered(
            lane="in", visit=stay.visit, pass_=stay.pass_id, plate=None, method="automatic", certainty="measured",
            kind=None, credential=Credential("card", stay.credential or ""), grant=None, by="gateway", mark=None,
        )  # fmt: skip
        self.kept.append((stay.entered_wall_ns, written(commands.Append(row), "gw1")))

    def drives_out(self) -> None:
        self.rise()
        self.drive_through()
