"""Scripts, styles and pictures of the screens, served from the folders of the screens.

Every address has a digest of all assets, so that a browser may cache them for a year and never mixes two versions.
Scripts are ES modules with relative imports; a page preloads all that it needs. The styles of a
page are sent as one sheet, and everything is compressed for browsers that accept it.
"""

from __future__ import annotations

import gzip
import hashlib
import posixpath
import re
from functools import cache, lru_cache
from pathlib import Path

from flask import Blueprint, Response, request, url_for
from markupsafe import Markup

from web.platform.problems import Problem

BLUEPRINT = Blueprint("static", __name__)
WEB = Path(__file__).parents[1]
ROOMS = ("parts", "guard", "setup", "installer", "office")
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
KEPT = "public, max-age=31536000, immutable"
_IMPORT = re.compile(r'^import .*?"(\.[^"]+)";$', re.MULTILINE)


@cache
def files() -> dict[str, bytes]:
    """Every asset by its path below `web/`."""
    paths = (path for room in ROOMS for path in sorted((WEB / room).rglob("*")) if path.suffix in TYPES)
    return {path.relative_to(WEB).as_posix(): path.read_bytes() for path in paths}


@cache
def mark() -> str:
    """Changes when any asset does."""
    whole = hashlib.sha256()
    for name, content in files().items():
        whole.update(f"{name}\0{len(content)}\0".encode() + content)
    return whole.hexdigest()[:12]


@cache
def needs(name: str) -> tuple[str, ...]:
    """Every script that a script imports, by itself or through another, in the order found."""
    found: list[str] = []
    waiting = [name]
    while waiting:
        one = waiting.pop(0)
        paths = _IMPORT.findall(files()[one].decode())
        wanted = [posixpath.normpath(posixpath.join(posixpath.dirname(one), path)) for path in paths]
        waiting += [path for path in wanted if path not in found]
        found += [path for path in wanted if path not in found]
    return tuple(found)


def asset(name: str) -> str:
    """The address of an asset; `+` joins several styles to one sheet."""
    return url_for("static.serve", version=mark(), name=name)


def script(name: str) -> Markup:
    """The elements that load a page's script with all that it needs."""
    early = [f'<link rel="modulepreload" href="{asset(one)}">' for one in needs(name)]
    return Markup("\n".join([*early, f'<script type="module" src="{asset(name)}"></script>']))


def styles(*names: str) -> Markup:
    """The element that loads these styles as one sheet, in this order."""
    joined = "+".join(name.removesuffix(".css") for name in names)
    return Markup(f'<link rel="stylesheet" href="{asset(joined + ".css")}">')


@BLUEPRINT.get("/static/<version>/<path:name>")
def serve(version: str, name: str) -> Response:
    """One asset, or several styles as one sheet."""
    suffix = posixpath.splitext(name)[1]
    parts = [f"{one}.css" for one in name.removesuffix(".css").split("+")] if suffix == ".css" else [name]
    if len(parts) > len(set(parts)) or any(part not in files() for part in parts):
        raise Problem(404, "not_found", "There is no such file.")
    kept = KEPT if version == mark() else "no-cache"
    headers = {"Cache-Control": kept, "Vary": "Accept-Encoding"}
    packs = bool(request.accept_encodings["gzip"])
    if packs:
        headers["Content-Encoding"] = "gzip"
    body = _body(tuple(parts), packs)
    return Response(body, content_type=f"{TYPES[suffix]}; charset=utf-8", headers=headers)


# More than all scripts, pictures and sheets of the pages, packed and plain.
@lru_cache(maxsize=64)
def _body(parts: tuple[str, ...], packs: bool) -> bytes:
    body = b"\n".join(files()[part] for part in parts)
    return gzip.compress(body, mtime=0) if packs else body
