"""The folders' docstrings name every thread of the engine, and say the same as the contributor's page."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from pathlib import Path
from typing import NamedTuple

import pytest

from gateway import engine
from gateway.engine import bench, core_thread, journal_thread, measuring, printing, settings, socket, visits
from gateway.engine.engine import Engine

ROOT = Path(__file__).resolve().parents[2]
ROOMS = (engine, bench, core_thread, journal_thread, measuring, printing, settings, socket, visits)
_BLOCK = re.compile(
    r"^(?P<name>[^\n:]+): `(?P<runs>[^`]+)` in `(?P<file>[^`]+)`\n"
    r" +owns: (?P<owns>[^\n]+)\n +may wait for: (?P<waits>[^\n]+)\n +never waits for: (?P<never>[^\n]+)$",
    re.MULTILINE,
)


class Thread(NamedTuple):
    """A thread as a docstring or the page tells it."""

    name: str
    runs: str
    owns: str
    waits: str
    never: str


def told() -> list[tuple[Thread, Path]]:
    """The threads in the docstrings, and the file that each runs in."""
    found = []
    for room in ROOMS:
        folder = Path(str(room.__file__)).parent
        for block in _BLOCK.finditer(inspect.cleandoc(room.__doc__ or "")):
            file = folder / block["file"]
            file = file if file.exists() else ROOT / "gateway" / block["file"]
            found.append((Thread(block["name"], block["runs"], block["owns"], block["waits"], block["never"]), file))
    return found


def on_the_page() -> dict[str, Thread]:
    """The rows of the page's table of threads, by name."""
    text = (ROOT / "docs" / "contributor.md").read_text()
    table = text.partition("### The threads")[2].partition("\n##")[0]
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines() if line[:1] == "|"]
    cells = [row for row in rows if len(row) == 5]
    return {row[0].strip("`"): Thread(row[0].strip("`"), *row[1:]) for row in cells}


def started() -> set[str]:
    """The names that `Engine.start` gives to threads, without the buses."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(Engine.start)))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    names = [call.args[0] for call in calls if isinstance(call.func, ast.Name) and call.func.id == "start"]
    return {name.value for name in names if isinstance(name, ast.Constant)}


def test_every_thread_that_the_engine_starts_is_told_once() -> None:
    names = [thread.name for thread, _ in told()]
    assert len(names) == len(set(names))
    assert started() == set(names) - {"import", "main thread of the engine"}


@pytest.mark.parametrize(("thread", "file"), told(), ids=[thread.name for thread, _ in told()])
def test_the_page_says_the_same_and_the_code_is_there(thread: Thread, file: Path) -> None:
    row = on_the_page()[thread.name]
    assert row == thread._replace(runs=f"`{thread.runs}` in `{file.relative_to(ROOT)}`")
    source = file.read_text()
    for name in thread.runs.split("."):
        assert re.search(rf"\b(class|def) {name}\b", source), name
