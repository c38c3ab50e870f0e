"""The import arrows of docs/contributor.md and the core's purity, proved on every module's source.

`LAYERS` is the architecture written down once: for each place, what it may import of ours and of
others. A module that stands in no layer fails: a new place must be drawn in before it is built.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OURS = ("gateway", "drivers", "web")
# What pure code may use of the standard library: types, text, numbers and the calendar.
PURE_STDLIB = frozenset({
    "__future__", "abc", "binascii", "bisect", "collections", "dataclasses", "datetime", "decimal", "enum",
    "fractions", "functools", "heapq", "itertools", "math", "operator", "re", "string", "types",
    "typing", "unicodedata", "zoneinfo",
})  # fmt: skip
CODEC_STDLIB = PURE_STDLIB | {"struct"}
WEB_PACKAGES = frozenset({"flask", "jinja2", "markupsafe", "waitress", "werkzeug"})
HARDWARE_PACKAGES = frozenset({"evdev", "gpiozero", "lgpio", "osdp_sys", "pymodbus", "serial", "uhppoted"})


@dataclass(frozen=True)
class Layer:
    """The modules under `prefix` and what they may import; `stdlib` None means all of it."""

    prefix: str
    ours: tuple[str, ...] = ()
    others: frozenset[str] = frozenset()
    stdlib: frozenset[str] | None = None
    pure: bool = False


def _layer(prefix: str, ours: str = "", others: str | frozenset[str] = "") -> Layer:
    names = frozenset(others.split()) if isinstance(others, str) else others
    return Layer(prefix, tuple(ours.split()), names)


# A model's own folder: `<kind>` and `<model>` stand for the names of the module that is looked at.
MODEL = "drivers.<kind>.<model>"
_MODEL = re.compile(r"drivers\.(readers|cameras|boards|displays|printers|virtual)\.(?!layout\b)(\w+)")

# The longest prefix that fits a module is its layer.
LAYERS = (
    Layer("gateway.core", ("gateway.core",), frozenset({"msgspec"}), PURE_STDLIB, pure=True),
    _layer("gateway.store", "gateway.core gateway.store", "apsw msgspec openpyxl tinydb"),
    _layer("gateway.store.calendar", "gateway.core gateway.store.calendar", "holidays"),
    _layer("gateway.store.settings.signing_key", "gateway.core gateway.store", "cryptography"),
    _layer("gateway.store.settings.ed25519", "", "cryptography"),
    _layer("gateway.control", "gateway.core gateway.control", "msgspec"),
    Layer(
        "drivers.framing",
        ("gateway.core", "drivers.framing"),
        frozenset({"msgspec"}),
        CODEC_STDLIB,
        pure=True,
    ),
    Layer("gateway.physics", ("gateway.physics",), frozenset({"msgspec"}), PURE_STDLIB, pure=True),
    _layer("drivers.links", "gateway.core drivers.links", HARDWARE_PACKAGES | {"msgspec"}),
    _layer("drivers.boards.layout", "gateway.core", "msgspec"),
    Layer(
        "drivers.dissect",
        ("gateway.core", "drivers.framing", "drivers.dissect"),
        frozenset({"msgspec"}),
        CODEC_STDLIB,
        pure=True,
    ),
    _layer("drivers.trace", "drivers.dissect", "msgspec"),
    _layer("drivers.base", "gateway.core drivers.dissect drivers.trace", "msgspec"),
    _layer("drivers.options", "gateway.core drivers.base", "msgspec"),
    _layer("drivers.wires", "drivers.options", "msgspec"),
    _layer(
        "drivers.listening",
        "gateway.core drivers.base drivers.buses drivers.links drivers.sim drivers.options",
        "msgspec",
    ),
    _layer("drivers.orders", "gateway.core drivers.base", "msgspec"),
    _layer("drivers.watch", "gateway.core drivers.base", "msgspec"),
    _layer("drivers.registry", "gateway.core drivers.base", "msgspec"),
    _layer("drivers.catalogue", "gateway.core drivers.base drivers.registry drivers.boards.layout", "msgspec"),
    _layer(
        "drivers.discovery", "gateway.core drivers.base drivers.registry drivers.links drivers.discovery", "msgspec"
    ),
    _layer(
        "drivers.buses",
        "gateway.core drivers.base drivers.orders drivers.watch drivers.trace drivers.dissect drivers.boards.layout "
        "drivers.links drivers.buses",
        "msgspec",
    ),
    _layer(
        "drivers.sim",
        "gateway.core gateway.physics drivers.base drivers.framing drivers.boards.layout drivers.sim",
        "msgspec",
    ),
    _layer(
        "drivers.virtual.<model>",
        "gateway.core drivers.base drivers.options drivers.watch drivers.framing drivers.dissect "
        "drivers.boards.layout drivers.buses drivers.sim drivers.virtual.<model>",
        "msgspec",
    ),
    Layer(f"{MODEL}.frames", ("gateway.core", "drivers.framing"), frozenset({"msgspec"}), CODEC_STDLIB, pure=True),
    _layer(
        f"{MODEL}.sim", f"gateway.core drivers.base drivers.framing drivers.sim {MODEL}.frames {MODEL}.sim", "msgspec"
    ),
    _layer(
        MODEL,
        "gateway.core drivers.base drivers.options drivers.wires drivers.listening drivers.orders drivers.watch "
        "drivers.trace drivers.framing drivers.dissect drivers.links drivers.boards.layout drivers.buses drivers.sim "
        f"{MODEL}",
        "msgspec",
    ),
    _layer("drivers"),
    _layer(
        "gateway.engine",
        "gateway.core gateway.store gateway.control gateway.engine drivers.base drivers.registry drivers.trace "
        "drivers.dissect drivers.catalogue",
        "msgspec",
    ),
    _layer(
        "gateway.uplink",
        "gateway.core gateway.store gateway.control gateway.uplink",
        "apsw msgspec paho",
    ),
    _layer(
        "web",
        "gateway.core gateway.store gateway.control web",
        WEB_PACKAGES | {"apsw", "msgspec", "openpyxl", "segno"},
    ),
    _layer("web.guard.visitor.code", "", "msgspec segno"),
    # A child process of the web makes the gateway's own certificate.
    _layer("web.front.tls.own_certificate", "gateway.core gateway.store web.front", "cryptography"),
    _layer(
        "gateway.simulation",
        "gateway.core gateway.physics gateway.store gateway.engine gateway.simulation",
        "apsw msgspec",
    ),
    _layer("gateway.backup", "gateway.core gateway.store gateway.backup", "apsw cryptography msgspec"),
    _layer("gateway.support", "gateway.core gateway.store gateway.support", "apsw msgspec"),
    _layer("gateway.processes", "gateway.core gateway.processes"),
    _layer("gateway.cli.show"),
    _layer("gateway.cli.local", "gateway.core gateway.store gateway.engine.clock drivers.registry", "msgspec"),
    _layer(
        "gateway.check",
        "gateway.check gateway.core gateway.store gateway.control drivers.base drivers.registry",
        "cryptography msgspec",
    ),
    _layer("gateway.demo"),
    _layer("gateway.demo.line"),
    _layer("gateway.demo.people", "gateway.core", "msgspec"),
    _layer("gateway.demo.estate"),
    _layer("gateway.demo.news", "gateway.core gateway.store gateway.demo.estate"),
    _layer("gateway.demo.guard", "gateway.core gateway.control"),
    _layer(
        "gateway.demo.guests",
        "gateway.core gateway.control gateway.demo.guard gateway.demo.people drivers.sim",
        "msgspec",
    ),
    _layer(
        "gateway.demo.traffic",
        "gateway.core gateway.control gateway.physics gateway.demo.guard gateway.demo.guests gateway.demo.people "
        "drivers.sim",
    ),
    _layer("gateway.demo.unwired", "gateway.core gateway.control drivers.sim"),
    _layer(
        "gateway.demo.run",
        "gateway.core gateway.store gateway.control gateway.processes gateway.demo.estate gateway.demo.guard "
        "gateway.demo.guests gateway.demo.line gateway.demo.news gateway.demo.people gateway.demo.traffic "
        "gateway.demo.unwired drivers.sim",
        "msgspec",
    ),
    _layer("gateway.cli", "gateway drivers web", "msgspec segno"),
    _layer("gateway.__main__", "gateway.cli"),
    _layer("gateway"),
)
# Writers of files that belong to the engine: readers elsewhere must not even name them.
WRITERS = {("gateway.store.journal.writer", "Journal")}
READ_ONLY = ("web", "gateway.uplink")
IMPURE_CALLS = frozenset({
    "open", "print", "input", "exec", "eval", "compile", "__import__", "globals", "locals", "vars",
    "breakpoint", "id", "hash",
})  # fmt: skip
CLOCK_READS = frozenset({"now", "utcnow", "today"})


@dataclass(frozen=True)
class Import:
    """One imported module, with the name taken from it."""

    module: str
    name: str
    line: int


def under(module: str, prefix: str) -> bool:
    """Whether a module is that package or stands in it."""
    return module == prefix or module.startswith(prefix + ".")


def own(prefix: str, module: str) -> str:
    """A prefix with the kind and the model of the driver that the module belongs to."""
    found = _MODEL.match(module)
    return prefix.replace("<kind>", found[1]).replace("<model>", found[2]) if found else prefix


def layer_of(module: str) -> Layer | None:
    """The layer a module of ours stands in; None for one that is not drawn in."""
    fitting = [layer for layer in LAYERS if under(module, own(layer.prefix, module))]
    found = max(fitting, key=lambda layer: len(own(layer.prefix, module)), default=None)
    if found is not None and found.prefix == "gateway" and module != "gateway":
        return None
    return found


def imports_of(tree: ast.AST, module: str, is_package: bool = False) -> list[Import]:
    """Every import, also those inside functions and under TYPE_CHECKING."""
    found: list[Import] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.extend(Import(alias.name, "", node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = module.split(".")
                parents = parents[: len(parents) - node.level + is_package]
                base = ".".join([*parents, base] if base else parents)
            found.extend(Import(base, alias.name, node.lineno) for alias in node.names)
    return found


def _module_exists(name: str) -> bool:
    path = ROOT / name.replace(".", "/")
    return path.with_suffix(".py").exists() or path.is_dir()


def import_violations(module: str, layer: Layer, found: list[Import]) -> list[str]:
    """Imports that go against the arrows."""
    wrong: list[str] = []
    for one in found:
        top = one.module.split(".")[0]
        full = f"{one.module}.{one.name}"
        target = full if one.name and top in OURS and _module_exists(full) else one.module
        if top in OURS:
            version = target == "gateway" and one.name == "__version__"
            allowed = version or any(under(target, own(prefix, module)) for prefix in layer.ours)
        elif top in sys.stdlib_module_names:
            allowed = layer.stdlib is None or top in layer.stdlib
        else:
            allowed = top in layer.others
        if not allowed:
            wrong.append(f"{module}:{one.line} imports {target}")
        if (one.module, one.name) in WRITERS and any(under(module, p) for p in READ_ONLY):
            wrong.append(f"{module}:{one.line} takes the writer {one.name}")
    return wrong


def _impure(node: ast.AST) -> str:
    """What a piece of syntax does to the world, or '' if nothing."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id if node.func.id in IMPURE_CALLS else ""
    if isinstance(node, ast.Attribute) and node.attr in CLOCK_READS:
        owner = node.value
        name = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")
        return f"{name}.{node.attr}" if name in ("datetime", "date") else ""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        local_time = node.func.attr == "fromtimestamp" and len(node.args) + len(node.keywords) < 2
        return "fromtimestamp without a zone" if local_time else ""
    return "global" if isinstance(node, ast.Global) else ""


def violations(module: str, source: str, is_package: bool = False) -> list[str]:
    """Everything in a module's source that the architecture forbids."""
    layer = layer_of(module)
    if layer is None:
        return [f"{module} stands in no layer; draw it into LAYERS first"]
    tree = ast.parse(source)
    wrong = import_violations(module, layer, imports_of(tree, module, is_package))
    if layer.pure:
        for node in ast.walk(tree):
            if what := _impure(node):
                wrong.append(f"{module}:{getattr(node, 'lineno', 0)} uses {what}")
    return wrong


def modules() -> list[tuple[str, Path]]:
    """All modules of ours, by name."""
    found = []
    for top in OURS:
        for path in sorted((ROOT / top).rglob("*.py")):
            parts = list(path.relative_to(ROOT).with_suffix("").parts)
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found.append((name, path))
    return found


@pytest.mark.parametrize(("module", "path"), modules(), ids=lambda value: str(value)[-60:])
def test_every_module_imports_only_downwards(module: str, path: Path) -> None:
    assert violations(module, path.read_text("utf-8"), path.name == "__init__.py") == []


# The rooms of the core from the ground up: each imports only from floors below its own, and from itself.
CORE_FLOORS = (
    ("codes",),
    ("measurements", "money", "vocabulary"),
    ("subsystem", "plates", "people", "forms", "charges"),
    ("settings", "papers"),
    ("wiring", "payments"),
    ("alarms", "acceptance"),
    ("access",),
    ("lane",),
    ("lanes",),
    ("health", "identities", "pictures", "repairs", "reports", "run", "visits"),
    ("site",),
)
_FLOOR = {room: number for number, rooms in enumerate(CORE_FLOORS) for room in rooms}


def core_room(module: str) -> str:
    """The room of the core that a module is in; '' for one that is elsewhere."""
    parts = module.split(".")
    return parts[2] if under(module, "gateway.core") and len(parts) > 2 else ""


def upward_imports(module: str, source: str) -> list[str]:
    """Imports of a module of the core from its own floor or one above."""
    room = core_room(module)
    others = {core_room(f"{one.module}.{one.name}") for one in imports_of(ast.parse(source), module)} - {"", room}
    return sorted(f"{module} imports {other}" for other in others if _FLOOR[other] >= _FLOOR[room])


CORE_MODULES = [(module, path) for module, path in modules() if core_room(module)]


@pytest.mark.parametrize(("module", "path"), CORE_MODULES, ids=lambda value: str(value)[-60:])
def test_rooms_of_the_core_import_only_from_floors_below(module: str, path: Path) -> None:
    assert upward_imports(module, path.read_text("utf-8")) == []


def test_every_room_of_the_core_has_its_floor_and_no_other() -> None:
    assert {core_room(module) for module, _ in CORE_MODULES} == set(_FLOOR)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("gateway.core.access.places", "from gateway.core.lane.grants.queue import Grant"),
        ("gateway.core.alarms.desk", "from gateway.core.access import reads"),
        ("gateway.core.run.run", "import gateway.core.health.health"),
        ("gateway.core.vocabulary.turn", "from gateway.core import site"),
        ("gateway.core.lanes.lanes", "from gateway.core.site import Site"),
    ],
)
def test_an_import_from_the_same_floor_or_above_is_caught(module: str, source: str) -> None:
    assert upward_imports(module, source)


def places() -> list[str]:
    """The places in the table of the contributor's page, as patterns of paths."""
    page = (ROOT / "docs" / "contributor.md").read_text("utf-8")
    rows = [
        line.split("|")[1] for line in page.splitlines() if line.startswith(("| `gateway/", "| `drivers/", "| `web/"))
    ]
    named = [place for row in rows for place in re.findall(r"`([^`]+)`", row)]
    patterns = [place.replace("<kind>", "*").replace("<model>", "*") for place in named]
    return [place + "*" if place.endswith("/") else place for place in patterns]


def test_every_module_has_its_place_on_the_contributors_page() -> None:
    ours = [path.relative_to(ROOT).as_posix() for name, path in modules() if "." in name and "__main__" not in name]
    assert [path for path in ours if not any(fnmatch(path, place) for place in places())] == []
    assert [place for place in places() if not any(fnmatch(path, place) for path in ours)] == []


PLANTED = {
    "the core reads the clock": ("gateway.core.site", "import time"),
    "the core reads the clock through datetime": (
        "gateway.core.site",
        "from datetime import datetime\ndef f():\n    return datetime.now()",
    ),
    "the core reads today through the module": (
        "gateway.core.site",
        "import datetime\nx = datetime.date.today()",
    ),
    "the core opens a file": ("gateway.core.lane.lane", "def f():\n    return open('x')"),
    "the core prints": ("gateway.core.lane.lane", "print('x')"),
    "the core rolls dice": ("gateway.core.access.rules", "from random import choice"),
    "the core starts threads": ("gateway.core.access.rules", "import threading"),
    "the core logs": ("gateway.core.alarms.desk", "import logging"),
    "the core asks the system": ("gateway.core.alarms.desk", "import os.path"),
    "the core imports the store": ("gateway.core.site", "from gateway.store import journal"),
    "the core imports inside a function": ("gateway.core.site", "def f():\n    import socket"),
    "the core imports relatively upwards": ("gateway.core.site", "from ..store import journal"),
    "the physical model reads the clock": ("gateway.physics.gate", "import time"),
    "the physical model rolls dice": ("gateway.physics.manners", "import random"),
    "the physical model imports the core": ("gateway.physics.gate", "from gateway.core import site"),
    "the store imports the engine": ("gateway.store.projections.state", "import gateway.engine.core_thread.loop"),
    "the control socket imports the store": ("gateway.control", "from gateway.store import state"),
    "the engine imports Flask": ("gateway.engine.core_thread.loop", "import flask"),
    "the engine imports paho": ("gateway.engine.core_thread.loop", "from paho.mqtt import client"),
    "the engine imports a driver's link": ("gateway.engine.workers", "import drivers.links.serial"),
    "the web imports paho": ("web.platform.app", "import paho.mqtt.client"),
    "the web imports the engine": ("web.platform.app", "from gateway.engine import loop"),
    "the engine encrypts": ("gateway.engine.engine", "import cryptography"),
    "the store encrypts": ("gateway.store.files", "from cryptography.hazmat.primitives import hashes"),
    "a backup asks the engine": ("gateway.backup.take", "from gateway.control import Client"),
    "the web writes the journal": ("web.api.events", "from gateway.store.journal.writer import Journal"),
    "the uplink imports Flask": ("gateway.uplink.mqtt.connection", "import flask"),
    "a driver uses pyserial past the links": ("drivers.readers.rdm6300", "import serial"),
    "a driver uses pymodbus past the links": ("drivers.boards.modbus", "import pymodbus.client"),
    "a driver uses gpiozero past the links": ("drivers.boards.gpio", "from gpiozero import LED"),
    "a driver imports the engine": ("drivers.virtual.noop", "import gateway.engine"),
    "a codec opens a socket": ("drivers.framing.modbus", "import socket"),
    "a model's frames open a socket": ("drivers.readers.osdp.frames", "import socket"),
    "a model imports another one": ("drivers.readers.hid", "from drivers.readers.osdp import frames"),
    "a place that is not drawn": ("gateway.helpers", ""),
}


@pytest.mark.parametrize(("module", "source"), PLANTED.values(), ids=list(PLANTED))
def test_a_planted_violation_is_caught(module: str, source: str) -> None:
    assert violations(module, source)


FITTING = {
    "the core's types": (
        "gateway.core.site",
        "import enum\nimport msgspec\nfrom .events import Now",
    ),
    "a moment given as argument": ("gateway.core.site", "def f(now):\n    return now.wall_ns"),
    "an instant in a zone": (
        "gateway.core.vocabulary.passes",
        "from datetime import datetime, UTC\ndef f(s):\n    return datetime.fromtimestamp(s, UTC)",
    ),
    "the journal read by the web": ("web.platform.app", "from gateway.store.journal.reader import JournalReader"),
    "the version": ("gateway.engine.core_thread.loop", "from gateway import __version__"),
}


@pytest.mark.parametrize(("module", "source"), FITTING.values(), ids=list(FITTING))
def test_what_fits_is_let_through(module: str, source: str) -> None:
    assert violations(module, source) == []


@pytest.mark.parametrize(
    ("package", "strangers"),
    [
        ("gateway.engine", ("flask", "paho", "web", "gateway.uplink")),
        ("gateway.uplink", ("flask", "web", "drivers", "gateway.engine", "pymodbus", "serial")),
        ("web", ("paho", "drivers", "gateway.engine", "gateway.uplink", "pymodbus", "serial")),
    ],
)
def test_a_process_loads_nothing_of_another(package: str, strangers: tuple[str, ...]) -> None:
    names = [name for name, _ in modules() if under(name, package)]
    script = f"import sys\nfor m in {names!r}: __import__(m)\nprint('\\n'.join(sys.modules))"
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    loaded = run.stdout.split()
    assert [m for m in loaded if any(under(m, stranger) for stranger in strangers)] == []
