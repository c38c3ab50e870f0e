"""What the guard chooses from when a visitor comes: keys of plates, buildings, purposes, what it costs."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from gateway.core.charges.charging import Prices
from gateway.core.charges.tariff import Tariff
from gateway.core.settings.model import Building, Purpose
from web.guard.keys.page import Keys
from web.words.texts import Words

CLASSES = ("car", "motorcycle", "truck", "bus")
SHOWN_BLOCKS = 2


class Choice(msgspec.Struct, frozen=True):
    """A button: what it stands for and what it says."""

    value: str
    text: str


class Reason(msgspec.Struct, frozen=True):
    """What a visitor comes for: the button, and what holds for it by the settings."""

    value: str
    text: str
    where: str
    goods: str
    stay: str


class Place(msgspec.Struct, frozen=True):
    """A building with its units; `recent`: where visitors went last, where there is no list."""

    id: str
    name: str
    units: tuple[str, ...]


class Choices(msgspec.Struct, frozen=True):
    """All that the sheet offers. `charges`: by purpose and class of vehicle, what a stay costs in words."""

    keys: Keys
    buildings: list[Place]
    purposes: list[Reason]
    classes: list[Choice]
    charges: dict[str, dict[str, str]]


def choices(
    said: Words, buildings: Sequence[Building], keys: Keys, prices: Prices, purposes: Sequence[Purpose]
) -> Choices:
    """What is offered."""
    return Choices(
        keys=keys,
        buildings=[Place(one.id, one.name or one.id, one.units) for one in buildings],
        purposes=[_reason(said, one) for one in purposes],
        classes=[Choice(one, said(f"vehicle.{one}")) for one in CLASSES],
        charges={purpose.id: {one: charge(said, prices, one, purpose.id) for one in CLASSES} for purpose in purposes},
    )


def _reason(said: Words, purpose: Purpose) -> Reason:
    stay = said("visitor.stay", n=purpose.stay_minutes) if purpose.stay_minutes is not None else ""
    return Reason(purpose.id, purpose.name(said.locale), purpose.where, purpose.goods, stay)


def charge(said: Words, prices: Prices, vehicle_class: str, purpose: str = "") -> str:
    """What a stay costs in words, "" where nothing is charged."""
    found = prices.charging.tariff_for("temporary", vehicle_class, purpose)
    tariff = prices.tariff(found) if found else None
    if tariff is None:
        return ""
    free = [said("charge.free", n=tariff.free_minutes)] if tariff.free_minutes else []
    blocks = [_block(said, tariff, n) for n in range(min(len(tariff.blocks), SHOWN_BLOCKS))]
    cap = [said("charge.cap", price=price(tariff, tariff.day_cap))] if tariff.day_cap is not None else []
    return said("charge.comma").join([*free, *blocks, *cap])


def _block(said: Words, tariff: Tariff, number: int) -> str:
    block, only = tariff.blocks[number], len(tariff.blocks) == 1
    key = "charge.each" if only or number else "charge.first"
    return said(key, n=block.minutes, price=price(tariff, block.price))


def price(tariff: Tariff, amount: int) -> str:
    """A sum as people write it."""
    whole, cents = divmod(amount, 100)
    text = f"{whole}.{cents:02d}" if cents else str(whole)
    return f"¥{text}" if tariff.currency == "CNY" else f"{text} {tariff.currency}"


def unit_text(building: Building | None, room: str) -> str:
    """Building and room as the journal has them: `3栋1201`, `Tower 3 1201`."""
    name = (building.name or building.id) if building is not None else ""
    between = " " if name and room and name[-1].isascii() else ""
    return f"{name}{between}{room}"
