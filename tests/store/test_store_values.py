"""What the store hands out is a value: nobody changes it behind another's back."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
from datetime import timedelta
from typing import Any

import msgspec
import pytest

import gateway.store
from gateway.store.passes.codes import DAYS_MAX
from gateway.store.projections import answers, table


def declared() -> list[Any]:
    found: dict[str, Any] = {}
    for module in pkgutil.walk_packages(gateway.store.__path__, "gateway.store."):
        for value in vars(importlib.import_module(module.name)).values():
            is_data = isinstance(value, type) and (issubclass(value, msgspec.Struct) or dataclasses.is_dataclass(value))
            if is_data and value.__module__ == module.name:
                found[f"{module.name}.{value.__name__}"] = value
    return list(found.values())


def frozen(of: Any) -> bool:
    if issubclass(of, msgspec.Struct):
        return bool(of.__struct_config__.frozen)
    return bool(of.__dataclass_params__.frozen)


@pytest.mark.parametrize("of", declared(), ids=lambda of: of.__name__)
def test_what_the_store_declares_is_frozen(of: Any) -> None:
    assert frozen(of)


def test_what_follows_from_the_journal_is_kept_for_so_long_and_so_many() -> None:
    kept = (answers.ANSWER_KEPT_NS, table.WARNED_MAX_NS, table.MOVEMENTS_KEPT_NS, table.CODES_KEPT_NS)
    assert [timedelta(microseconds=ns // 1000).days for ns in kept] == [7, 3, 90, 2 * DAYS_MAX]
    most = (table.VISITS_MAX, table.INSIDE_MAX, table.ALARMS_MAX, table.MOVEMENTS_MAX, answers.ANSWERS_MAX)
    assert most == (200_000, 100_000, 10_000, 100_000, 100_000)
