"""Writes the tables of declared things in docs/reference.md: `python -m tests.support.pages.declared_tables`.

Reasons, refusals, alarm kinds, contacts, roles and scopes are declared in the core with their meaning; the prose round
the tables is the page's own. A test fails when the page is old.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import msgspec

from gateway.core.alarms.kinds import KINDS
from gateway.core.charges import charging, tariff
from gateway.core.repairs.kinds import RepairKind
from gateway.core.settings import documents, model
from gateway.core.settings.roles import SCOPES, Right, Role
from gateway.core.vocabulary.reasons import Reason, Refusal
from tests.support.pages import field_tables

SETTINGS: dict[str, type[msgspec.Struct]] = {
    "`site`": model.Site,
    "`gateway`": model.Gateway,
    "`gateway.http`": model.Http,
    "`gateway.retention`": model.Retention,
    "`gateway.pictures`": model.KeptPictures,
    "`devices[]`": documents.DeviceKeys,
    "`lanes[]`": documents.LaneDocument,
    "Barriers (`lanes[].barrier` or `barriers[]`)": documents.BarrierDocument,
    "`interlocks[]`": model.Interlock,
    "`groups[]`": model.Group,
    "`buildings[]`": model.Building,
    "`buildings[].directions`": model.Spoken,
    "`purposes[]`": model.Purpose,
    "`remote_open`": model.RemoteOpen,
    "`repairs`": model.Repairs,
    "`stations[]`": model.Station,
    "`uplink.mqtt`": model.Mqtt,
    "`tariffs[]`": tariff.Tariff,
    "`tariffs[].blocks[]`": tariff.Block,
    "`tariffs[].periods[]`": tariff.Period,
    "`charging`": charging.Charging,
    "`charging.rules[]`": charging.Rule,
    "`calendar`": charging.SiteDays,
}
PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference.md"


def page(text: str) -> str:
    """The reference page with the tables as the core declares them."""
    for heading, rows in (
        ("## Reasons", _reasons()),
        ("### Refused commands", _refusals()),
        ("## Alarms", _kinds()),
        ("## Repair orders", _repairs()),
        ("### `operators[]`", _roles()),
        ("### Token scopes", _scopes()),
    ):
        text = _with_table(text, heading, rows)
    for heading, kind in SETTINGS.items():
        text = _with_table(text, f"### {heading}", field_tables.rows(kind))
    return text


def _with_table(text: str, heading: str, rows: Iterable[str]) -> str:
    """The first table under a heading, its head kept, with these rows."""
    before, found, after = text.partition(f"\n{heading}\n")
    assert found, f"docs/reference.md has no {heading}"
    head = re.search(r"(?m)^\|.*\|\n\|[-|]+\|\n", after)
    assert head is not None, f"needs a table: {heading}"
    rest = re.sub(r"\A(?:\|.*\n)*", "", after[head.end() :])
    return before + found + after[: head.end()] + "".join(rows) + rest


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |\n"


def _reasons() -> Iterable[str]:
    for reason in Reason:
        yield _row(f"`{reason}`", " or ".join(reason.verdicts) or "refused", reason.meaning)


def _refusals() -> Iterable[str]:
    for refusal in Refusal:
        yield _row(f"`{refusal}`", refusal.meaning)


def _repairs() -> Iterable[str]:
    for kind in RepairKind:
        yield _row(f"`{kind}`", kind.urgency, kind.meaning)


def _roles() -> Iterable[str]:
    for role in Role:
        yield _row(f"`{role}`", role.meaning, "; ".join(right.meaning for right in Right if right in role.rights))


def _scopes() -> Iterable[str]:
    for scope, meaning in SCOPES.items():
        yield _row(f"`{scope}`", meaning)


def _kinds() -> Iterable[str]:
    for name, kind in KINDS.items():
        yield _row(f"`{name}`", str(kind.priority), "no" if kind.by_person else "yes", kind.meaning)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")
