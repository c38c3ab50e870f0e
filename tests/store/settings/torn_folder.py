"""Folders that lose power: what a disk holds when only what was synced is sure.

While it is in force, each change of a file below its root is noted: contents count when their file was synced, names
when their folder was. `cut` gives every state that a power cut now may leave: names change in order, and any number of
the last ones may be lost; a file whose content was not synced is empty.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Names = dict[str, int]
"""Name -> inode."""


class TornFolder:
    """The folders below `root`; `step` counts what changes them, and raises at the wanted one."""

    def __init__(self, root: Path, patched: pytest.MonkeyPatch, at: int, error: BaseException) -> None:
        self.root = root
        self.steps = 0
        self._at = at
        self._error = error
        self._synced: dict[int, bytes] = {}
        self._durable: dict[Path, Names] = {}
        self._pending: dict[Path, list[Names]] = {}
        for folder in [root, *(one for one in root.rglob("*") if one.is_dir())]:
            self._durable[folder] = self._names(folder)
            self._pending[folder] = []
            for name, inode in self._durable[folder].items():
                if (folder / name).is_file():
                    self._synced[inode] = (folder / name).read_bytes()
        for name in ("replace", "link", "unlink"):
            patched.setattr(os, name, self._renaming(getattr(os, name), needs_room=name != "unlink"))
        patched.setattr(os, "fsync", self._syncing(os.fsync))

    @property
    def cut_off(self) -> bool:
        """Whether the power has gone."""
        return self.steps >= self._at

    def cut(self) -> Iterator[dict[Path, bytes]]:
        """Every state of the files that may be found."""
        for lost in range(max((len(one) for one in self._pending.values()), default=0) + 1):
            found: dict[Path, bytes] = {}
            for folder, pending in self._pending.items():
                states = [self._durable[folder], *pending]
                names = states[max(0, len(states) - 1 - lost)]
                found |= {folder / name: self._synced.get(inode, b"") for name, inode in names.items()}
            yield {path: content for path, content in found.items() if not path.is_dir()}

    def _names(self, folder: Path) -> Names:
        return {one.name: one.stat().st_ino for one in folder.iterdir()}

    def _step(self) -> None:
        self.steps += 1
        if self.steps >= self._at:
            raise self._error

    def _renaming(self, real: Callable[..., Any], *, needs_room: bool) -> Callable[..., Any]:
        def call(*values: Any, **named: Any) -> Any:
            if needs_room or not isinstance(self._error, OSError):
                self._step()
            done = real(*values, **named)
            folder = Path(values[-1]).parent
            if folder in self._pending:
                self._pending[folder].append(self._names(folder))
            return done

        return call

    def _syncing(self, real: Callable[[int], None]) -> Callable[[int], None]:
        def call(handle: int) -> None:
            self._step()
            real(handle)
            path = Path(f"/proc/self/fd/{handle}").readlink()
            if stat.S_ISDIR(os.fstat(handle).st_mode):
                if path in self._pending:
                    self._durable[path], self._pending[path] = self._names(path), []
            else:
                self._synced[os.fstat(handle).st_ino] = path.read_bytes()

        return call


def lay_out(files: dict[Path, bytes], root: Path, target: Path) -> None:
    """Write a state of the files below another root."""
    for path, content in files.items():
        copy = target / path.relative_to(root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(content)
