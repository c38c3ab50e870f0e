"""What passes between the parts of the core is a value: nobody changes it behind another's back."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

import msgspec
import pytest

import gateway.core
from gateway.core.vocabulary import commands, events
from gateway.core.vocabulary.rows import Row
from gateway.core.vocabulary.views.base import View

STATE = {
    "Alarm", "Grant", "Motion", "Movement", "Passage", "PendingCase", "RepairOrder", "Vehicle", "Watched", "_Awaited",
    "_Waiting",
}  # fmt: skip
"""What a part keeps and changes itself."""


def structs() -> list[type[msgspec.Struct]]:
    found: dict[str, type[msgspec.Struct]] = {}
    for module in pkgutil.walk_packages(gateway.core.__path__, "gateway.core."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, type) and issubclass(value, msgspec.Struct) and value.__module__ == module.name:
                found[f"{module.name}.{value.__name__}"] = value
    return list(found.values())


@pytest.mark.parametrize("struct", structs(), ids=lambda struct: struct.__name__)
def test_a_struct_is_a_value_unless_it_is_the_state_of_a_part(struct: type[msgspec.Struct]) -> None:
    assert struct.__struct_config__.frozen is (struct.__name__ not in STATE)


TOLD = [struct for struct in structs() if issubclass(struct, Row | View)]


@pytest.mark.parametrize("struct", TOLD, ids=lambda struct: struct.__name__)
def test_what_rows_and_views_say_is_given_by_name(struct: type[msgspec.Struct]) -> None:
    kinds = {one.kind for one in inspect.signature(struct).parameters.values()}
    assert kinds <= {inspect.Parameter.KEYWORD_ONLY}


@pytest.mark.parametrize("struct", TOLD, ids=lambda struct: struct.__name__)
def test_rows_and_views_are_no_work_for_the_collector(struct: type[msgspec.Struct]) -> None:
    assert not struct.__struct_config__.gc


@pytest.mark.parametrize("struct", [*commands.Command.__subclasses__(), *events.Event.__subclasses__()])
def test_events_and_commands_are_no_work_for_the_collector(struct: type[msgspec.Struct]) -> None:
    assert struct.__struct_config__.gc is (struct is commands.SetAside), "an error holds its frames, which hold it"
