"""The words of fields in the language of the page: label, meaning, unit, choices, and what is wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from gateway.core.forms.fields import Field, Kind
from gateway.core.forms.posted import Fault
from web.words.sentences import sentence
from web.words.texts import Words

MEANINGS = Path(__file__).with_name("meanings.zh_CN.json")
"""The meanings of all settings in Chinese, by the English text that is declared: one that changes needs a new one."""
MESSAGES = Path(__file__).with_name("messages.zh_CN.json")
"""What the checks of the site file say, and what refuses an apply."""
CHECK = "check"
"""The code of a fault that the checks of the site file find; its words are their own."""
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_CODE = re.compile(r"`([^`]*)`")


@cache
def chinese() -> dict[str, str]:
    """The Chinese text of each meaning."""
    found: dict[str, str] = json.loads(MEANINGS.read_text("utf-8"))
    return found


def meaning(field: Field, say: Words) -> Markup:
    """What a field means, as the reference says it; English where a driver of others brings no other words."""
    found = said(field.meaning, say)
    return _marked(found[:1].upper() + found[1:])


def said(text: str, say: Words) -> str:
    """A declared text in the language of the page."""
    return chinese().get(text, text) if say.locale == "zh_CN" else text


def label(field: Field, say: Words, form: str = "") -> str:
    """The short name of a field; that of the site file where there are no words for it."""
    return say.first(f"setting.{form}.{field.name}", f"setting.{field.name}", field.name)


def unit(field: Field, say: Words) -> str:
    """The unit behind a number, "" for none."""
    return say.first(f"unit.{field.unit}", field.unit) if field.unit else ""


def word(name: str, value: str | int, say: Words) -> str:
    """A word of a choice."""
    return say.first(f"choice.{name}.{value}", str(value))


def limits(field: Field, say: Words) -> str:
    """Bounds and default of a field in one line, "" for neither."""
    parts = []
    if field.kind is not Kind.MONEY and field.low is not None and field.high is not None:
        parts.append(say("installer.settings.from_to", low=f"{field.low:g}", high=f"{field.high:.0f}"))
    if default := _default(field, say):
        parts.append(say("installer.settings.default", value=default))
    return " · ".join(parts)


def _default(field: Field, say: Words) -> str:
    if field.said_default is not None:
        return "" if field.said_default in ("required", "empty", "none", "") else _plain(said(field.said_default, say))
    if field.required or field.fields or field.variants or field.default in (None, "", [], (), {}):
        return ""
    if isinstance(field.default, bool):
        return say(f"installer.settings.{'yes' if field.default else 'no'}")
    if field.kind is Kind.WEEKDAYS:
        return ""
    if isinstance(field.default, list | tuple):
        return " / ".join(word(field.name, one, say) if field.words else str(one) for one in field.default)
    return word(field.name, field.default, say) if field.words else str(field.default)


def _plain(text: str) -> str:
    """A declared text where no marks can be shown, as in an option of a choice."""
    return _CODE.sub(r"\1", _LINK.sub(r"\1", text))


def unset(field: Field, say: Words) -> str:
    """What a choice says that is left open: its word for that, or its default where that is in words."""
    if field.required and field.empty:
        return word(field.name, "none", say)
    return _default(field, say) or say("installer.settings.unset")


def offered(field: Field, say: Words) -> list[tuple[str, str]]:
    """The words of a field of which several are picked."""
    return [(str(one), word(field.name, one, say)) for one in field.words]


def wrong(fault: Fault, say: Words) -> str:
    """What is wrong, and what to do."""
    if fault.code == CHECK:
        return checked(str(fault.values["words"]), say)
    return say(f"installer.fault.{fault.code}", **fault.values)


def checked(words: str, say: Words) -> str:
    """What a check of the site file has found, in the language of the page; English where there are no other words."""
    return sentence(MESSAGES, words, say)


def uses(paths: Sequence[str], site: Mapping[str, Any], say: Words) -> list[str]:
    """What a device is used for, a line for each lane or barrier: `North in: approach loop, open`."""
    found: dict[str, list[str]] = {}
    for path in paths:
        part, entry, key = path.split(".", 2)
        found.setdefault(_name_of(part, entry, site), []).append(_use(key, say))
    return [f"{name}: {say.listed(words)}" for name, words in found.items()]


def _name_of(part: str, entry: str, site: Mapping[str, Any]) -> str:
    return next((one["name"] for one in site.get(part, ()) if one.get("id") == entry and one.get("name")), entry)


def _use(key: str, say: Words) -> str:
    point = key.removeprefix("barrier.")
    return say.first(f"installer.lanes.terminal.{point}", f"setting.{point}", point)


def _marked(text: str) -> Markup:
    """A declared text without its links, its names as code."""
    plain = str(escape(_LINK.sub(r"\1", text)))
    return Markup(_CODE.sub(r"<code>\1</code>", plain))
