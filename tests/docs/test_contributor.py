"""The contributor's page is true: files and symbols that it names exist, and it names every thread and every room."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.test_samples import blocks

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "contributor.md").read_text("utf-8")
PLACES = re.compile(r"`((?:gateway|drivers|web|tests|docs|systemd)/[\w./<>-]*)`")
# Symbols with their file: `A` and `B` (words) in `path`.
NAMED = re.compile(r"((?:`[\w.]+`(?: \([^)|]*\))?(?:, | and | ))+)in `((?:gateway|drivers|web)/[\w./-]+)`")


def part(title: str) -> str:
    """The text under a heading, up to the next one of its rank."""
    found = re.search(rf"^(##+) {re.escape(title)}\n(.*?)(?=^##+ |\Z)", PAGE, re.M | re.S)
    assert found is not None, title
    return found[2]


def first_cells(text: str) -> list[str]:
    """The first cells of a table, without its heading."""
    return [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| ")][1:]


@pytest.mark.parametrize("place", sorted(set(PLACES.findall(PAGE))))
def test_a_file_that_is_named_exists(place: str) -> None:
    pattern = re.sub(r"<\w+>", "*", place)
    assert (ROOT / pattern).exists() or list(ROOT.glob(pattern)), place


def symbols() -> list[tuple[str, str]]:
    """Every symbol of the page with its file."""
    return sorted({(name, place) for names, place in NAMED.findall(PAGE) for name in re.findall(r"`([\w.]+)`", names)})


@pytest.mark.parametrize(("symbol", "place"), symbols())
def test_a_symbol_that_is_named_is_in_its_file(symbol: str, place: str) -> None:
    path = ROOT / place
    files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
    text = "\n".join(file.read_text("utf-8") for file in files)
    for name in symbol.split("."):
        defined = rf"^\s*(?:class|def)\s+{name}\b|^\s*(?:self\.)?{name}\s*(?::[^=\n]*)?=|^\s*(?:self\.)?{name}: "
        assert re.search(defined, text, re.M), f"{name} is not defined in {place}"


def test_the_page_names_many_symbols() -> None:
    assert len(symbols()) > 50


def threads() -> set[str]:
    """The threads that engine, uplink and web start, by name; what varies stands in `<...>`."""
    found = set()
    for place in ("gateway/engine", "gateway/uplink", "web"):
        for file in sorted((ROOT / place).rglob("*.py")):
            text = file.read_text("utf-8")
            found |= set(re.findall(r'\bstart\("([\w -]+)"', text))
            found |= set(
                re.findall(r'Thread\([^()]*\([^()]*\)[^()]*name="([\w -]+)"|Thread\([^()]*name="([\w -]+)"', text)
            )
            found |= set(re.findall(r'super\(\).__init__\(name=f"(\w+) \{', text))
            found |= set(re.findall(r'return f"(bus) \{', text))
    names = {name for each in found for name in ([each] if isinstance(each, str) else each) if name}
    return {{"bus": "bus <devices>", "camera": "camera <device>"}.get(name, name) for name in names}


def test_every_thread_is_on_the_page_and_no_other() -> None:
    rows = {cell.strip("`") for cell in first_cells(part("The threads")) if cell.startswith("`")}
    assert len(rows) > 15
    assert rows == threads()


def test_every_row_of_the_threads_says_what_it_owns_and_may_wait_for() -> None:
    rows = [line.strip("|").split("|") for line in part("The threads").splitlines() if line.startswith("| ")]
    assert [row for row in rows if len(row) != 5 or not all(cell.strip() for cell in row)] == []


def test_a_cards_way_is_numbered_and_each_step_has_a_file() -> None:
    text = part("A card's way")
    assert first_cells(text) == [str(number + 1) for number in range(len(first_cells(text)))]
    assert len(PLACES.findall(text)) == len(first_cells(text)) > 20


def test_every_floor_of_the_house_is_there() -> None:
    (picture,) = blocks("text house", PAGE)
    drawn = re.findall(r"(?:gateway/\w+|drivers|web)\b", picture)
    assert [place for place in drawn if not (ROOT / place).is_dir()] == []
    built = {path.parent.relative_to(ROOT).as_posix() for path in (ROOT / "gateway").glob("*/__init__.py")}
    assert built - set(drawn) == set()


def test_every_room_of_core_store_and_engine_is_listed() -> None:
    listed = {cell.strip("`/") for cell in first_cells(part("The house"))}
    rooms = {
        path.parent.relative_to(ROOT).as_posix()
        for floor in ("core", "store", "engine", "uplink")
        for path in (ROOT / "gateway" / floor).glob("*/__init__.py")
    }
    assert sorted(rooms - listed) == []


@pytest.mark.parametrize(
    "task",
    [
        "a contact",
        "an alarm kind",
        "a reason",
        "a reader model",
        "a journal row",
        "a screen",
        "a key of the site",
        "asks for money",
    ],
)
def test_a_newcomer_finds_where_to_change_it(task: str) -> None:
    rows = [line for line in part("Where do I change ...").splitlines() if line.startswith("| ")]
    found = [row for row in rows if task in row.split("|")[1]]
    assert len(found) == 1
    assert PLACES.search(found[0])
