"""The five kinds of small faults that are planted, each by an operator of cosmic-ray or of the same shape."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import parso
from cosmic_ray.ast import get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators import boolean_replacer, comparison_operator_replacement, number_replacer
from cosmic_ray.operators.operator import Example, Operator

TURNED = ("Lt_GtE", "LtE_Gt", "Gt_LtE", "GtE_Lt", "Eq_NotEq", "NotEq_Eq", "Is_IsNot", "IsNot_Is", "Lt_LtE", "Gt_GtE")
"""Comparisons: each the other way round, and the bound itself on the other side."""


class NumberOneHigher(number_replacer.NumberReplacer):
    """A number becomes one higher; one lower is the same mistake."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        """One place for each number."""
        yield from list(super().mutation_positions(node))[:1]


class DropCall(Operator):  # type: ignore[misc]
    """A call whose result nobody uses is left out."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        """Statements that are nothing but a call."""
        if node.type == "simple_stmt" and _is_call(node.children[0]):
            yield node.children[0].start_pos, node.children[0].end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """Put `pass` in its place."""
        assert index == 0
        call = node.children[0]
        node.children[0] = parso.python.tree.Keyword("pass", call.start_pos, call.get_first_leaf().prefix)
        return node

    @classmethod
    def examples(cls) -> Iterable[Example]:
        """For cosmic-ray's own tests of operators."""
        return (Example("f(x)", "pass"),)


def _is_call(node: Any) -> bool:
    if node.type not in ("atom_expr", "power"):
        return False
    last = node.children[-1]
    return last.type == "trailer" and last.children[0].value == "("


KINDS: dict[str, tuple[Any, ...]] = {
    "comparison turned": tuple(
        getattr(comparison_operator_replacement, f"ReplaceComparisonOperator_{pair}") for pair in TURNED
    ),
    "condition negated": (boolean_replacer.AddNot,),
    "call dropped": (DropCall,),
    "number one higher": (NumberOneHigher,),
    "flag flipped": (boolean_replacer.ReplaceTrueWithFalse, boolean_replacer.ReplaceFalseWithTrue),
}


@dataclass(frozen=True)
class Mutant:
    """One fault at one place: the kind, the operator's class and which of its places in the file."""

    path: Path
    kind: str
    operator: Any
    occurrence: int
    line: int

    def code(self, source: str) -> str | None:
        """The file with this fault in it."""
        mutated: str | None = mutate_code(source, self.operator(), self.occurrence)
        return mutated

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.kind}"


EXAMPLES = {
    "comparison turned": ("if a < b: f()\n", {"if a >= b: f()\n", "if a <= b: f()\n"}),
    "condition negated": ("if a: f()\nx = 1 if c else 2\n", {
        "if not a: f()\nx = 1 if c else 2\n",
        "if a: f()\nx = 1 if not c else 2\n",
    }),
    "call dropped": ("x = f()\nself.g(x)\n", {"x = f()\npass\n"}),
    "number one higher": ("a = 7\n", {"a = 8\n"}),
    "flag flipped": ("f(True, x=False)\n", {"f(False, x=False)\n", "f(True, x=True)\n"}),
}  # fmt: skip


def check_kinds() -> None:
    """Each kind does to its example just what it says; AssertionError when another cosmic-ray does otherwise."""
    for kind, (source, expected) in EXAMPLES.items():
        faults = [mutant for mutant in mutants_of(Path("example.py"), source) if mutant.kind == kind]
        made = {(mutant.code(source) or "").replace("  ", " ") for mutant in faults}
        assert made == expected, f"{kind}: {made}"


def mutants_of(path: Path, source: str) -> list[Mutant]:
    """Every fault of these kinds that a file can have."""
    tree = get_ast(source)
    found = []
    for kind, operators in KINDS.items():
        for operator in operators:
            places = [place for node in _nodes(tree) for place in operator().mutation_positions(node)]
            found += [Mutant(path, kind, operator, count, start[0]) for count, (start, _) in enumerate(places)]
    return found


def _nodes(node: Any) -> Iterator[Any]:
    """Parents before children, as cosmic-ray counts them."""
    yield node
    for child in getattr(node, "children", ()):
        yield from _nodes(child)
