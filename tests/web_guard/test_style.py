"""One look: sizes, spaces, roundings and colours of all screens come from the scales at the top of its sheet."""

from __future__ import annotations

import re
from pathlib import Path

from tests.web_installer.screens import sheets
from web.guard.home.page import SHEETS as HOME
from web.guard.problem.page import SHEETS as PROBLEM
from web.guard.sign_in.page import SHEETS as SIGN_IN
from web.setup.page import SHEETS as SETUP

WEB = Path(__file__).parents[2] / "web"
SHEETS = tuple(dict.fromkeys([*HOME, *SIGN_IN, *SETUP, *PROBLEM, *sheets()]))
SHEET = re.sub(r"/\*.*?\*/", "", "\n".join((WEB / one).read_text("utf-8") for one in SHEETS), flags=re.DOTALL)
SCALES, RULES = SHEET[: SHEET.index("* {")], SHEET[SHEET.index("* {") :]
SPACE = re.compile(r"0|auto|-?var\(--(?:s[0-5]|under)\)")
COLOUR = re.compile(r"#[0-9a-f]{3,8}\b|\b(?:rgb|hsl)a?\(")


def declared(name: str) -> list[str]:
    """The values that rules give to properties of this name."""
    return [value.strip() for value in re.findall(rf"(?<![\w-]){name}\s*:\s*([^;}}]+)", RULES)]


def test_every_size_of_type_is_one_of_five() -> None:
    assert [one for one in declared("font-size") if not re.fullmatch(r"var\(--t[1-5]\)", one)] == []


def test_every_space_is_on_the_scale() -> None:
    names = ("gap", "padding", "padding-(?:left|right|top|bottom)", "margin", "margin-(?:left|right|top|bottom)")
    values = [part for name in names for value in declared(name) for part in value.split()]
    assert len(values) > 100
    assert sorted({one for one in values if not SPACE.fullmatch(one)}) == []


def test_every_corner_has_one_of_two_roundings() -> None:
    allowed = {"0", "50%", "var(--round)", "var(--round-s)"}
    assert sorted(set(declared("border-radius")) - allowed) == []


def test_every_colour_has_a_name_by_day_and_by_night() -> None:
    assert COLOUR.findall(RULES.replace("var(--face-ink, #fff)", "")) == []
    day, night = (set(re.findall(r"--[\w-]+(?=:[^;]*(?:#|rgb))", block)) for block in SCALES.split("}")[:2])
    assert len(day) > 15 and day == night


def test_every_variable_is_defined_and_used() -> None:
    defined = set(re.findall(r"(--[\w-]+)\s*:", SHEET))
    assert defined == set(re.findall(r"var\((--[\w-]+)", SHEET))


def test_every_class_of_the_sheet_stands_on_a_page() -> None:
    pages = [path for path in WEB.rglob("*.*") if path.suffix in (".html", ".js", ".svg")]
    named = set(re.findall(r"[\w-]+", " ".join(path.read_text("utf-8") for path in pages)))
    built = {f"{prefix}{one}" for prefix in ("v-", "c-", "act-") for one in named}
    classes = set(re.findall(r"\.([a-z][\w-]*)", re.sub(r"\d\.\d+|:[^;{}]*;", " ", RULES)))
    assert sorted(classes - named - built) == []


def test_every_sheet_is_on_a_page() -> None:
    assert sorted(path.relative_to(WEB).as_posix() for path in WEB.rglob("*.css") if "api" not in path.parts) == sorted(
        SHEETS
    )
