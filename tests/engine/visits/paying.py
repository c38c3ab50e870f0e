"""A small site where visitors pay at the exit, with visits that began a while ago."""

from __future__ import annotations

import time
from copy import deepcopy
from pathlib import Path
from typing import Any

from gateway.core.settings.site_file import parse_settings
from gateway.core.vocabulary import rows
from gateway.core.vocabulary.events import CredentialRead, InputsRead, Now
from gateway.store.directory import DataDirectory, source_of
from gateway.store.journal.writer import Journal, Row
from gateway.store.times import rfc3339
from tests.support.engine import SITE, Running

MINUTE_NS = 60 * 1_000_000_000
TARIFF = {"id": "visitor", "currency": "CNY", "free_minutes": 30, "blocks": [{"minutes": 60, "price": 500}]}


def paying_site(**charging: Any) -> dict[str, Any]:
    """The small site with a reader at its exit, and a tariff."""
    site = deepcopy(SITE)
    site["devices"].append({"id": "reader-out", "driver": "noop"})
    site["lanes"][1]["readers"] = ["reader-out"]
    rules = [{"pass_kind": "temporary", "tariff": "visitor"}]
    return {**site, "tariffs": [TARIFF], "charging": {"rules": rules, **charging}}


def visitor_inside(
    path: Path, minutes: int, visit: str = "v1", card: str = "77", site: dict[str, Any] | None = None
) -> None:
    """The journal of a data directory says that a visitor came in so many minutes ago; no engine runs there."""
    site = site or paying_site()
    directory = DataDirectory(path)
    if not directory.exists:
        directory.create(site)
    settings = parse_settings(site)
    entered_ns = time.time_ns() - minutes * MINUTE_NS
    said: dict[str, Any] = {"by": "Lin", "via": "guard", "station": None}
    told = rows.VisitRegistered(
        visit=visit, unit="3-1201", purpose="family", people=1, plate=None, card=card, code=None,
        from_=rfc3339(entered_ns - MINUTE_NS), until=rfc3339(time.time_ns() + 600 * MINUTE_NS), vehicle_class="car",
        **said,
    )  # fmt: skip
    entered = rows.PassageEntered(
        lane="in", visit=visit, pass_=None, plate=None, method="automatic", certainty="measured", kind=None,
        credential=rows.Credential("card", card), grant=None, by="gateway", mark=None,
    )  # fmt: skip
    journal = Journal(directory.journal, source_of(settings), "an earlier boot")
    now = Now(entered_ns, 1)
    journal.append([Row.of(one, settings.gateway.id, now) for one in (told, entered)])
    journal.close()


class PayingGate(Running):
    """An engine of that site, with its exit played by hand."""

    def __init__(self, path: Path, minutes: int = 61, site: dict[str, Any] | None = None) -> None:
        visitor_inside(path, minutes, site=site)
        super().__init__(path)
        self.bus.restore()

    def leaves(self, card: str = "77") -> None:
        """The visitor shows its card at the exit."""
        self.bus.report(CredentialRead("reader-out", "card", card, 32))

    def pays(self, amount: int, key: str = "k1", visit: str = "v1", **more: Any) -> dict[str, Any]:
        """The guard takes money."""
        way = {"method": "cash", "by": "Lin", "via": "guard", **more}
        found: dict[str, Any] = self.client.call("visits.pay", request=key, visit=visit, amount=amount, **way)
        return found

    def drives_out(self) -> None:
        """The arm goes up and the vehicle crosses the safety loop of the exit."""
        self._crosses(4)

    def drives_in(self) -> None:
        """The same at the entry."""
        self._crosses(0)

    def _crosses(self, base: int) -> None:
        """`base`: the first input of the lane."""
        for change in ({base + 1: False}, {base: True}, {base + 2: True}, {base + 2: False}):
            for index, value in change.items():
                self.bus._inputs[index] = value
            self.bus.report(InputsRead("io", tuple(self.bus._inputs)))
            time.sleep(0.1)

    def opened(self) -> int:
        """How often the exit was told to open."""
        return self.opened_at("out")

    def opened_at(self, lane: str) -> int:
        """How often that lane was told to open."""
        output = {"in": 0, "out": 4}[lane]
        return len([one for one in self.bus.orders if one[:3] == ("pulse", "io", output)])
