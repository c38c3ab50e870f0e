"""`openapi.json`: its paths are written by hand, the schemas of rows and views are put in, a line each."""

from __future__ import annotations

import json
import re
from pathlib import Path

import web.api
from gateway.core.vocabulary import views
from tests.described.schemas import schemas

PATH = Path(web.api.__file__).with_name("openapi.json")
_ENTRY = re.compile(r'^      "(\w+)":', re.M)


def openapi(text: str) -> str:
    """The document with the schemas as they are declared; those of no row and no view stay as they are."""
    start = text.index('    "schemas": {\n') + len('    "schemas": {\n')
    end = text.index("\n    }", start)
    made = schemas(views.RepairView, views.InsideView, views.ListedView, views.SlipView)
    kept = [entry for name, entry in _entries(text[start:end]) if name not in made]
    lines = [f'      "{name}": {json.dumps(schema, ensure_ascii=False)}' for name, schema in made.items()]
    return text[:start] + ",\n".join([*kept, *lines]) + text[end:]


def _entries(block: str) -> list[tuple[str, str]]:
    """Name and text of each entry."""
    found = list(_ENTRY.finditer(block))
    ends = [match.start() for match in found[1:]] + [len(block)]
    return [(match[1], block[match.start() : end].rstrip().rstrip(",")) for match, end in zip(found, ends, strict=True)]
