"""A lane is made of parts: nothing inherits one, each state changes by its table alone, and only its owner touches it.

The source of the core is read as a syntax tree; what breaks a rule is named with its file and line.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LANE = ROOT / "gateway" / "core" / "lane"
OWNERS = [*sorted(LANE.rglob("*.py")), ROOT / "gateway" / "core" / "access" / "pending.py"]
METHODS_MAX = 60
STATES = ("_state", "state", "place")
"""The attributes that hold the state of a machine; `Modes` holds a set of them."""
KEPT_BY_TABLE = (*STATES, "_set", "_strongest")
BASES = {"StrEnum", "NamedTuple", "msgspec.Struct"}


def names_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def classes(tree: ast.AST) -> Iterator[ast.ClassDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))


def methods(kind: ast.ClassDef) -> Iterator[ast.FunctionDef]:
    return (node for node in kind.body if isinstance(node, ast.FunctionDef))


def assigned(node: ast.AST) -> Iterator[ast.Attribute]:
    """The attributes that a piece of code assigns, alone or in a tuple."""
    for one in ast.walk(node):
        targets = one.targets if isinstance(one, ast.Assign) else []
        if isinstance(one, ast.AugAssign | ast.AnnAssign):
            targets = [one.target]
        for target in targets:
            parts = (part for part in ast.walk(target) if isinstance(part, ast.Attribute))
            yield from (part for part in parts if isinstance(part.ctx, ast.Store))


def looks_up_a_table(method: ast.FunctionDef) -> bool:
    """Whether a method takes what it does from a literal table."""
    return any(isinstance(node, ast.Name) and node.id in ("TABLE", "PLACES") for node in ast.walk(method))


def foreign_assignments(source: str) -> list[str]:
    """Assignments to an attribute of anything but oneself."""
    return [
        f"{one.lineno}: {ast.unparse(one)}"
        for one in assigned(ast.parse(source))
        if not (isinstance(one.value, ast.Name) and one.value.id == "self")
    ]


def reaching_in(source: str) -> list[str]:
    """Uses of an attribute that is private to something else; `_replace` is a tuple's public method."""
    return [
        f"{node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute)
        and node.attr.startswith("_")
        and not node.attr.startswith("__")
        and node.attr != "_replace"
        and not (isinstance(node.value, ast.Name) and node.value.id == "self")
    ]


def states_beside_the_table(source: str) -> list[str]:
    """States that are set elsewhere than at the start and by the method that looks the table up."""
    return [
        f"{one.lineno}: {kind.name}.{method.name}"
        for kind in classes(ast.parse(source))
        for method in methods(kind)
        for one in assigned(method)
        if one.attr in KEPT_BY_TABLE and method.name != "__init__" and not looks_up_a_table(method)
    ]


def unknown_bases(source: str) -> list[str]:
    """Classes that inherit anything but an enumeration, a tuple or a struct."""
    return [
        f"{kind.lineno}: {kind.name}({ast.unparse(base)})"
        for kind in classes(ast.parse(source))
        for base in kind.bases
        if ast.unparse(base) not in BASES
    ]


def too_many_methods(source: str) -> list[str]:
    return [
        f"{kind.lineno}: {kind.name} has {count}"
        for kind in classes(ast.parse(source))
        if (count := len(list(methods(kind)))) > METHODS_MAX
    ]


@pytest.mark.parametrize("path", OWNERS, ids=names_of)
def test_nothing_assigns_what_is_not_its_own(path: Path) -> None:
    assert foreign_assignments(path.read_text("utf-8")) == []


@pytest.mark.parametrize("path", OWNERS, ids=names_of)
def test_nothing_reaches_into_another_part(path: Path) -> None:
    assert reaching_in(path.read_text("utf-8")) == []


@pytest.mark.parametrize("path", OWNERS, ids=names_of)
def test_a_state_changes_by_its_table_alone(path: Path) -> None:
    assert states_beside_the_table(path.read_text("utf-8")) == []


@pytest.mark.parametrize("path", OWNERS, ids=names_of)
def test_nothing_inherits_a_lane(path: Path) -> None:
    assert unknown_bases(path.read_text("utf-8")) == []


def test_no_object_of_the_gateway_has_more_methods_than_one_can_hold_in_mind() -> None:
    found = {
        names_of(path): wrong
        for path in sorted((ROOT / "gateway").rglob("*.py"))
        if (wrong := too_many_methods(path.read_text("utf-8")))
    }
    assert found == {}


def test_every_room_of_the_lane_holds_at_most_a_dozen_files() -> None:
    rooms = [LANE, *(path for path in LANE.rglob("*") if path.is_dir() and path.name != "__pycache__")]
    assert {names_of(room): len(list(room.glob("*.py"))) for room in rooms if len(list(room.glob("*.py"))) > 12} == {}


MACHINE = """
class Part:
    def __init__(self):
        self._state = A
    def happens(self, event):
        self._state = TABLE[self._state][event]
"""
RULES = [foreign_assignments, reaching_in, states_beside_the_table, unknown_bases, too_many_methods]
PLANTED = {
    "another's private attribute": (foreign_assignments, "def f(part):\n    part._count = 1"),
    "another's public attribute": (foreign_assignments, "def f(self):\n    self._lane.arm.state = OPEN"),
    "another's attribute in a tuple": (foreign_assignments, "def f(one):\n    self.a, one.b = 1, 2"),
    "another's counter": (foreign_assignments, "def f(one):\n    one.count += 1"),
    "another's private list": (reaching_in, "def f(queue):\n    queue._waiting.clear()"),
    "a state by hand": (states_beside_the_table, MACHINE + "    def reset(self):\n        self._state = A\n"),
    "a state by hand in a tuple": (
        states_beside_the_table,
        MACHINE + "    def reset(self):\n        self._state, self._lane = A, None\n",
    ),
    "a lane that is inherited": (unknown_bases, "class LaneArm(LaneState):\n    pass"),
    "an object of sixty-one methods": (
        too_many_methods,
        "class Lane:\n" + "".join(f"    def m{n}(self): pass\n" for n in range(METHODS_MAX + 1)),
    ),
}


@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_breach_is_caught(planted: str) -> None:
    rule, source = PLANTED[planted]
    assert rule(source)


@pytest.mark.parametrize("rule", RULES)
def test_a_part_with_a_table_breaks_no_rule(rule: object) -> None:
    assert callable(rule)
    assert rule(MACHINE) == []
