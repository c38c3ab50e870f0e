"""Programs of Debian packages for tests: fetched and unpacked into `.cache`, never installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

CACHE = Path(__file__).resolve().parents[2] / ".cache" / "debian"
_FETCH_S = 240


class Program:
    """A program that was found on this machine, or unpacked with its libraries."""

    def __init__(self, path: Path, root: Path | None = None) -> None:
        self.path = path
        self._root = root

    def argv(self, *arguments: str) -> list[str]:
        """The command line."""
        return [str(self.path), *arguments]

    def environment(self) -> dict[str, str]:
        """The environment: where its libraries are."""
        if self._root is None:
            return dict(os.environ)
        folders = {str(path.parent) for path in self._root.rglob("*.so*")}
        return {**os.environ, "LD_LIBRARY_PATH": ":".join(sorted(folders))}


def program(name: str, *packages: str) -> Program:
    """The program, from the path or unpacked from these packages; skips the test where it cannot be had."""
    found = shutil.which(name)
    if found:
        return Program(Path(found))
    root = CACHE / packages[0]
    if not (inside := root / "usr" / "bin" / name).exists():
        _unpack(root, packages)
    return Program(inside, root)


def _unpack(root: Path, packages: tuple[str, ...]) -> None:
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        pytest.skip(f"needs {packages[0]}; there is no apt here to fetch it")
    fetched = root.with_name(f"{root.name}.deb")
    fetched.mkdir(parents=True, exist_ok=True)
    try:
        subprocess.run(
            ["apt-get", "download", "-q", *packages], cwd=fetched, check=True, capture_output=True, timeout=_FETCH_S
        )
        fresh = root.with_name(f"{root.name}.new")
        for package in fetched.glob("*.deb"):
            subprocess.run(["dpkg", "-x", str(package), str(fresh)], check=True, capture_output=True)
        shutil.rmtree(root, ignore_errors=True)
        fresh.rename(root)
    except (subprocess.SubprocessError, OSError) as error:
        said = getattr(error, "stderr", b"") or b""
        pytest.skip(f"{packages[0]} cannot be fetched: {said.decode(errors='replace').strip() or error}")
    finally:
        shutil.rmtree(fetched, ignore_errors=True)
