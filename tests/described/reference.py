"""The event tables of `docs/reference.md`: types with their keys, and keys with their meaning."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_type_hints

import msgspec

from gateway.core.vocabulary.rows import TYPES, UNSET, Row
from tests.described.schemas import ROWS

PATH = Path(__file__).resolve().parents[2] / "docs" / "reference.md"
_BLOCK = re.compile(r"(<!-- rows: types -->\n).*?(<!-- rows: keys -->\n).*?(<!-- rows: end -->\n)", re.S)


def reference(page: str) -> str:
    """The page with the tables as the rows are declared."""
    types, keys = "\n".join(_types()), "\n".join(_keys())
    return _BLOCK.sub(lambda found: f"{found[1]}{types}\n{found[2]}{keys}\n{found[3]}", page)


def _types() -> Iterator[str]:
    yield "| type | when | data |\n|---|---|---|"
    for kinds in TYPES.values():
        for kind in kinds:
            yield f"| `{kind.type}` | {_sentence(kind.__doc__ or '')} | {_data(kind)} |"


def _data(kind: type[Row]) -> str:
    """Its keys in stored order; those that only some rows have are behind *sometimes*."""
    always = [f"`{key}`" for key, default in _defaults(kind) if default is not UNSET]
    sometimes = [f"`{key}`" for key, default in _defaults(kind) if default is UNSET]
    return ", ".join(always) + (f"; sometimes {', '.join(sometimes)}" if sometimes else "")


def _defaults(kind: type[Row]) -> Iterator[tuple[str, Any]]:
    for field in msgspec.structs.fields(kind):
        yield field.encode_name, field.default


def _keys() -> Iterator[str]:
    yield "| key | of | meaning |\n|---|---|---|"
    found: dict[str, dict[str, list[str]]] = {}
    for kind in ROWS:
        hints = get_type_hints(kind, include_extras=True)
        for field in msgspec.structs.fields(kind):
            meanings = found.setdefault(field.encode_name, {})
            kinds = meanings.setdefault(_meaning(hints[field.name]), [])
            if kind.type not in kinds:
                kinds.append(kind.type)
    for key in sorted(found):
        for meaning, types in found[key].items():
            yield f"| `{key}` | {_of(types, alone=len(found[key]) == 1)} | {meaning} |"


def _of(types: list[str], *, alone: bool) -> str:
    """The types, by family where all of a family have it; nothing where the key means the same everywhere."""
    if alone and len(types) > 3:
        return ""
    families: dict[str, list[str]] = {}
    for type_ in types:
        families.setdefault(type_.partition(".")[0], []).append(type_)
    whole = {name: {type_ for type_ in TYPES if type_.partition(".")[0] == name} for name in families}
    return ", ".join(
        f"`{name}.*`" if len(found) > 1 and set(found) == whole[name] else ", ".join(f"`{one}`" for one in found)
        for name, found in families.items()
    )


def _meaning(hint: Any) -> str:
    [meta] = [one for one in hint.__metadata__ if isinstance(one, msgspec.Meta)]
    values = [f"`{value}`" for value in (meta.extra_json_schema or {}).get("enum", ()) if value]
    return f"{meta.description}{': ' if len(values) > 1 else ''}{', '.join(values) if len(values) > 1 else ''}"


def _sentence(doc: str) -> str:
    words = doc.strip().rstrip(".")
    return words[0].lower() + words[1:] if words[:2] != "QR" else words
