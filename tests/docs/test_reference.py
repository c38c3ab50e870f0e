"""The reference names everything that has a name, and nothing that is not there any more."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from drivers.boards.layout import known_boards
from drivers.registry import find, known
from gateway import cli
from gateway.cli import common
from gateway.core.alarms import kinds, lifecycle
from gateway.core.lane.arm.causes import Cause
from gateway.core.lane.modes import notices
from gateway.core.lane.people import refusals
from gateway.core.lane.signs.sign import CANNOT_OPEN
from gateway.core.settings import model as settings
from gateway.core.settings import site_file
from gateway.core.vocabulary import commands, errors, passes
from gateway.core.wiring.terminals import TERMINALS
from gateway.processes.ending import PARENT_VARIABLE
from gateway.simulation.rules.table import RULES
from tests.support.pages import declared_tables, driver_tables, machines

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = (ROOT / "docs" / "reference.md").read_text("utf-8")
# Everything in the sources that has the form of an event type and is none: ops of the control socket, file names.
FAMILIES = (
    "access barrier passage grant pass passes alarm device uplink storage clock gateway settings operator journal"
    " service"
)
OPS = {
    "alarm.command",
    "device.install_mode",
    "device.link",
    "journal.note",
    "operator.add",
    "operator.failed",
    "operator.list",
    "operator.remove",
    "operator.set_pin",
    "operator.set_role",
    "operator.unlock",
    "passes.batch",
    "passes.code",
    "passes.delete",
    "passes.import",
    "passes.put",
    "station.key",
    "uplink.report",
}
NO_TYPES = {
    *OPS,
    *TERMINALS,
    "gateway.id",
    "gateway.http",
    "gateway.clock",
    "gateway.retention",
    "gateway.pictures",
    "journal.db",
    "uplink.db",
    "uplink.mqtt",
}


def section(title: str) -> str:
    """The text under a heading, up to the next one of its rank."""
    match = re.search(rf"^(#+) {re.escape(title)}\n(.*?)(?=^#{{1,2}} |\Z)", REFERENCE, re.M | re.S)
    assert match is not None, f"docs/reference.md has no section {title!r}"
    rank = len(match[1])
    return re.split(rf"^#{{1,{rank}}} ", match[2], maxsplit=1, flags=re.M)[0]


def names(text: str) -> set[str]:
    """Everything that is written as code."""
    return set(re.findall(r"`([^`]+)`", text))


def first_column(text: str) -> set[str]:
    """The names in the first column of its tables."""
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in names(row)}


@pytest.mark.parametrize(
    ("title", "struct"),
    [
        ("`site`", settings.Site),
        ("`gateway`", settings.Gateway),
        ("`gateway.retention`", settings.Retention),
        ("`gateway.pictures`", settings.KeptPictures),
        ("`lanes[]`", site_file.LaneDocument),
        ("`stations[]`", settings.Station),
        ("`remote_open`", settings.RemoteOpen),
        ("`repairs`", settings.Repairs),
        ("Barriers (`lanes[].barrier` or `barriers[]`)", site_file.BarrierDocument),
    ],
)
def test_every_key_of_the_site_file_has_its_row(title: str, struct: type) -> None:
    assert first_column(section(title)) == set(struct.__struct_fields__)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("title", "struct"),
    [
        ("`interlocks[]`", settings.Interlock),
        ("`repairs`", settings.RepairTimes),
        ("`operators[]`", settings.Operator),
        ("`uplink.mqtt`", settings.Mqtt),
        ("`gateway.http`", settings.Http),
        ("`lanes[]`", site_file.LightsDocument),
        ("`lanes[]`", site_file.SignalsDocument),
        ("Barriers (`lanes[].barrier` or `barriers[]`)", settings.Point),
        ("Barriers (`lanes[].barrier` or `barriers[]`)", settings.ServiceLimits),
    ],
)
def test_every_key_of_the_smaller_parts_is_named(title: str, struct: type) -> None:
    assert set(struct.__struct_fields__) <= names(section(title))  # type: ignore[attr-defined]


def test_every_part_of_the_site_file_has_its_place() -> None:
    text = section("Site file")
    assert [key for key in site_file.TOP_KEYS if f"`{key}" not in text] == []


def test_the_tables_of_drivers_and_boards_are_as_they_are_declared() -> None:
    assert driver_tables.page(REFERENCE) == REFERENCE, "run: python -m tests.support.pages.driver_tables"


def test_a_driver_that_the_page_does_not_have_gets_its_section() -> None:
    start = REFERENCE.index("### `hid`")
    without = REFERENCE[:start] + REFERENCE[REFERENCE.index("### `plate-http`") :]
    found = driver_tables.page(without).partition("### `hid`\n")[2].partition("\n## ")[0]
    assert "type like a keyboard" in found
    assert "| `device` | required | its path" in found


@pytest.mark.parametrize("name", known())
def test_every_option_of_a_driver_has_its_meaning(name: str) -> None:
    rows = [line.split("|") for line in section(f"`{name}`").splitlines() if line.startswith("| `")]
    told = {row[1].strip(" `"): row[3].strip() for row in rows}
    assert [field for field in find(name).Options.__struct_fields__ if not told.get(field)] == []


@pytest.mark.parametrize("name", known())
def test_every_driver_and_each_of_its_options_is_documented(name: str) -> None:
    text = section(f"`{name}`")
    assert [field for field in find(name).Options.__struct_fields__ if f"`{field}`" not in text] == []


def test_every_board_is_documented() -> None:
    boards = {*known_boards()}
    assert {name for name in names(section("`modbus`")) if name in boards} == boards


def test_every_field_of_a_pass_is_documented() -> None:
    assert first_column(section("Passes")) == set(passes.Pass.__struct_fields__)


def types_in(place: str) -> Iterator[str]:
    """Strings in the sources that are event types."""
    pattern = re.compile(rf'"((?:{FAMILIES.replace(" ", "|")})\.[a-z_]+)"')
    for path in sorted((ROOT / place).rglob("*.py")):
        yield from pattern.findall(path.read_text("utf-8"))


def test_every_event_that_is_written_is_documented() -> None:
    written = {name for place in ("gateway/core", "gateway/engine") for name in types_in(place)} - NO_TYPES
    written |= {row.type for row in lifecycle.ROWS.values()}
    assert len(written) > 30
    assert sorted(written - first_column(section("Events"))) == []


def test_every_cause_of_a_movement_is_documented() -> None:
    told = names(section("Events"))
    # A crash is a verdict of its own, with an event of its own.
    assert [cause for cause in Cause if cause not in told and cause != "crash"] == []


def test_the_tables_of_declared_things_are_as_the_core_declares_them() -> None:
    assert declared_tables.page(REFERENCE) == REFERENCE, "run: python -m tests.support.pages.declared_tables"


def test_a_kind_that_is_declared_gets_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(kinds.KINDS, "flood", kinds.Kind(2, False, "water in the booth"))
    assert "| `flood` | 2 | yes | water in the booth |\n" in declared_tables.page(REFERENCE)


def test_every_lane_command_is_documented_and_no_other() -> None:
    assert first_column(section("Lane commands")) == set(refusals.COMMANDS)


def test_every_notice_is_documented_and_no_other() -> None:
    assert first_column(section("Notices")) == set(get_args(notices.Notice))


def test_every_state_of_an_alarm_is_named() -> None:
    assert {str(state) for state in lifecycle.AlarmState} <= names(section("Alarms"))


def parsers(parser: argparse.ArgumentParser, words: str = "gatehouse") -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every command with its words, down to the last level."""
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not groups or parser.get_default("run") is not None:
        yield words, parser
    for group in groups:
        for name, child in group.choices.items():
            yield from parsers(child, f"{words} {name}")


def test_every_command_and_option_is_documented() -> None:
    text = section("Commands")
    for words, parser in parsers(cli.build_parser()):
        if parser.get_default("later"):
            assert f"`{words}`" in text
            continue
        row = next((line for line in text.splitlines() if re.search(rf"`{words}\b", line)), "")
        assert row, f"{words} is not documented"
        options = {o for action in parser._actions for o in action.option_strings if o.startswith("--")}
        assert sorted(options - {"--help", "--data", "--json", "--version"} - names(row)) == [], words


def test_every_exit_code_is_documented() -> None:
    codes = set(re.findall(r"^  (\d+) ", cli.EXITS, re.M))
    assert codes <= set(re.findall(r"^\| (\d+) \|", section("Commands"), re.M))


def test_every_environment_variable_is_documented() -> None:
    told = names(section("Commands"))
    assert common.DATA_VARIABLE in told
    assert f"{common.DEBUG_VARIABLE}=1" in told
    assert PARENT_VARIABLE not in REFERENCE


def test_every_reason_why_a_lane_opens_for_nobody_is_explained() -> None:
    assert first_column(section("Why a lane opens for no card")) == set(CANNOT_OPEN)


def test_the_page_of_the_machines_is_as_the_tables_are() -> None:
    assert machines.PAGE.read_text("utf-8") == machines.page(), "run: python -m tests.support.pages.machines"
    for heading in ("Arm", "Crossing", "Modes", "Alarm"):
        assert "```mermaid" in machines.page().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def test_every_error_and_command_of_the_core_has_its_line() -> None:
    for module in (errors, commands):
        kinds = [
            kind for kind in vars(module).values() if isinstance(kind, type) and kind.__module__ == module.__name__
        ]
        assert [kind.__name__ for kind in kinds if not kind.__doc__] == []


def test_the_contributors_page_has_every_rule_of_the_simulator_in_its_own_words() -> None:
    page = (ROOT / "docs" / "contributor.md").read_text("utf-8")
    for name, words in RULES.items():
        assert f"| `{name}` | {words} |" in page
