"""Words that are not used, as data, and where they occur. `docs/glossary.md` says what to write instead."""

from __future__ import annotations

import functools
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SKIPPED = ("docs/glossary.md", "docs/machines.md", "docs/images", "web/words", "web/api/openapi.json")

# Names of the code: word -> pattern.
NAMES = {
    "spark": r"(?i)(?<![a-z])sparks?(?![a-z])",
    "restless": r"(?i)(?<![a-z])restless(?![a-z])",
    "blow": r"(?i)(?<![a-z])blows?(?![a-z])",
    "blind": r"(?i)(?<![a-z])blind(?![a-z])",
    "Room": r"\bRoom\b(?! (?:for|that))",
    "MOST_X": r"\b_?MOST_\w+|\b\w+_MOST(?:_\w+)?\b",
    "MAX_X": r"\b_?MAX_(?!CONTENT_LENGTH|FORM_|REPEAT)[A-Z]\w*",
    "LONGEST_X": r"\b\w*LONGEST\w*",
}
NAMES_IN = ("CHANGELOG.md", "README.md", "docs", "drivers", "gateway", "systemd", "web")

# Prose: words that leave the reader to find out who does what.
RIDDLES = (
    r"\bwho(?:m)?ever\b",
    r"\b(?:no|some)body\b",
    r"\bany (?:longer|more)\b",
    r"\b(?:be|being|been|is|are|was|were) told\b(?! (?:apart|from))",
    r"(?<!car )(?<!vehicle )\bstands? (?:there|here|where|beside it|above)\b",
    r"(?<!car )(?<!vehicle )\bstands? in (?:the|a|its|no)\b(?! (?:way|field|lane|queue))",
)
_RIDDLE = re.compile("|".join(RIDDLES), re.IGNORECASE)

# Places whose prose is plain; `docs/guard.md` is still to be rewritten.
ROOMS = (
    "CHANGELOG.md",
    "README.md",
    "docs/contributor.md",
    "docs/installer.md",
    "docs/integrator.md",
    "docs/mqtt.md",
    "docs/reference.md",
    "drivers",
    "gateway",
    "systemd",
    "web",
)


def files(place: str) -> Iterator[Path]:
    """The files of a place that people write."""
    root = ROOT / place
    found = [root] if root.is_file() else sorted(root.rglob("*"))
    for path in found:
        name = path.relative_to(ROOT).as_posix()
        if path.suffix in (".py", ".md", ".js", ".css", ".html", ".service") and not name.startswith(SKIPPED):
            yield path


@functools.cache
def names_with(pattern: str) -> list[str]:
    """`file:line` of each line in which a name has the pattern."""
    expression = re.compile(pattern)
    return [
        f"{path.relative_to(ROOT).as_posix()}:{number}"
        for place in NAMES_IN
        for path in files(place)
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if expression.search(line)
    ]


def riddles_in(text: str) -> list[str]:
    """The words in a piece of prose that are not used; what is written as code does not count."""
    plain = re.sub(r"`[^`\n]*`|\b[A-Z_]{3,}\b", "", text)
    return [found[0] for found in _RIDDLE.finditer(plain)]


def riddles(room: str) -> Iterator[str]:
    """`file:line word` of each of them in a place."""
    for path in files(room):
        text = path.read_text("utf-8")
        for first, prose in _prose(path, text):
            for offset, line in enumerate(prose.splitlines()):
                for word in riddles_in(line):
                    yield f"{path.relative_to(ROOT).as_posix()}:{first + offset} {word}"


def _prose(path: Path, text: str) -> Iterator[tuple[int, str]]:
    """Pieces of prose with the line that they begin in: comments and docstrings, or a page without its code."""
    if path.suffix == ".py":
        yield from _python(text)
    elif path.suffix == ".md":
        yield 1, re.sub(r"^```.*?^```", lambda found: "\n" * found[0].count("\n"), text, flags=re.M | re.S)
    elif path.suffix == ".service":
        yield from ((n, line) for n, line in enumerate(text.splitlines(), 1) if line.startswith(("#", "Description")))
    else:
        yield from (
            (text.count("\n", 0, found.start()) + 1, found[0])
            for found in re.finditer(r"/\*.*?\*/|^\s*//.*?$|<!--.*?-->", text, re.M | re.S)
        )


def _python(text: str) -> Iterator[tuple[int, str]]:
    """Comments, and strings that are statements of their own."""
    fresh = True
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and fresh):
            yield token.start[0], token.string
        if token.type in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT):
            fresh = True
        elif token.type not in (tokenize.COMMENT, tokenize.NL):
            fresh = False
