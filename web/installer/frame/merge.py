"""Site files as plain documents: what differs, and one author's changes taken along to settings that went on meanwhile.

Lists of things with an `id`, or a `name`, are compared thing by thing; all others as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_NONE: Any = object()


def differences(old: Any, new: Any) -> tuple[str, ...]:
    """The paths of the values that differ; a thing that is added or removed is one."""
    return tuple(_differences("", old, new))


def merged(base: Any, mine: Any, theirs: Any) -> Any:
    """`theirs` with the changes that lead from `base` to `mine`; where both changed a value it is mine."""
    if mine == base:
        return theirs
    if theirs in (base, mine):
        return mine
    if isinstance(mine, dict) and isinstance(theirs, dict):
        return _merged_keys(base if isinstance(base, dict) else {}, mine, theirs)
    if _things(mine, theirs):
        before = _by_name(base) if _things(base) else {}
        return list(_merged_keys(before, _by_name(mine), _by_name(theirs)).values())
    return mine


def _merged_keys(base: dict[str, Any], mine: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    reordered = [key for key in mine if key in base] != [key for key in base if key in mine]
    order = (*mine, *theirs) if reordered else (*theirs, *mine)
    found = {key: merged(base.get(key, _NONE), mine.get(key, _NONE), theirs.get(key, _NONE)) for key in order}
    return {key: value for key, value in found.items() if value is not _NONE}


def _differences(path: str, old: Any, new: Any) -> Iterator[str]:
    if old == new:
        return
    if _things(old, new):
        old, new = _by_name(old), _by_name(new)
        if [key for key in old if key in new] != [key for key in new if key in old]:
            yield path
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys((*old, *new)):
            yield from _differences(f"{path}.{key}" if path else key, old.get(key), new.get(key))
    else:
        yield path


def _things(*values: Any) -> bool:
    """Whether all of these are lists of things with a name."""
    return all(isinstance(value, list) and all(_name(one) for one in value) for value in values)


def _name(thing: Any) -> str:
    return str(thing.get("id") or thing.get("name") or "") if isinstance(thing, dict) else ""


def _by_name(things: list[Any]) -> dict[str, Any]:
    return {_name(one): one for one in things}


def without_change(old: Any, new: Any, path: str) -> Any:
    """`new` with the difference at one path of `differences` taken back; an unknown path takes nothing back."""
    return _without(old, new, "", path)


def _without(old: Any, new: Any, here: str, path: str) -> Any:
    if _things(old, new):
        before, after = _by_name(old), _by_name(new)
        if here == path:
            return [after[name] for name in dict.fromkeys((*before, *after)) if name in after]
        return list(_without_below(before, after, here, path).values())
    if here == path and here:
        return old
    if isinstance(old, dict) and isinstance(new, dict):
        return _without_below(old, new, here, path)
    return new


def _without_below(old: dict[str, Any], new: dict[str, Any], here: str, path: str) -> dict[str, Any]:
    moved = [key for key in old if key in new] != [key for key in new if key in old]
    found = {}
    for key in dict.fromkeys((*new, *old) if moved else (*old, *new)):
        value = _without(old.get(key, _NONE), new.get(key, _NONE), f"{here}.{key}" if here else key, path)
        if value is not _NONE:
            found[key] = value
    return found
