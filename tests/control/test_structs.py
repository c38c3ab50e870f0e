"""Structs are made known to msgspec before threads use them: at once in two threads, that ends the process."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.control.structs import learn_structs
from gateway.core.vocabulary.errors import GatehouseError
from gateway.uplink import main
from tests.support.engine import Running
from web.platform.app import create_app

# Three threads meet at the first use of a struct that holds others, 300 times.
AT_ONCE = """
import sys, threading
import msgspec
from gateway.control.structs import learn_structs

sys.setswitchinterval(1e-6)
for number in range(300):
    Inner = msgspec.defstruct("Inner", [("text", str), ("number", int | None, None)])
    Middle = msgspec.defstruct("Middle", [("inner", Inner | None, None), ("more", tuple[Inner, ...], ())])
    Outer = msgspec.defstruct("Outer", [("middle", Middle), ("more", tuple[Middle, ...], ())])
    learn_structs()
    meet = threading.Barrier(3)

    def use():
        meet.wait()
        msgspec.convert({"middle": {"inner": {"text": "x"}}, "more": [{}]}, Outer)

    threads = [threading.Thread(target=use) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""


@contextmanager
def learned_at_first_use() -> Iterator[list[str]]:
    """The names of structs whose types msgspec looks up within the block, in this thread."""
    found: list[str] = []

    def seen(frame: Any, event: str, _arg: Any) -> None:
        if event == "call" and frame.f_code.co_name == "get_class_annotations":
            found.append(frame.f_locals["obj"].__name__)

    sys.setprofile(seen)
    try:
        yield found
    finally:
        sys.setprofile(None)


def new_struct() -> type[msgspec.Struct]:
    return msgspec.defstruct("Fresh", [("text", str)])


def use(kind: type[msgspec.Struct]) -> None:
    msgspec.convert({"text": "x"}, kind)


def test_a_struct_is_learned_at_its_first_use_unless_it_was_before() -> None:
    fresh, known = new_struct(), new_struct()
    with learned_at_first_use() as found:
        use(fresh)
        use(fresh)
    assert found == ["Fresh"]
    learn_structs()
    with learned_at_first_use() as found:
        use(known)
    assert found == []


def test_structs_that_were_learned_are_used_at_once_in_several_threads() -> None:
    done = subprocess.run([sys.executable, "-c", AT_ONCE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def start_web(path: Path) -> None:
    create_app(path)


def start_uplink(path: Path) -> None:
    with pytest.raises(GatehouseError):
        main.run(path / "nowhere", threading.Event())


def start_engine(path: Path) -> None:
    Running(path / "data").stop()


@pytest.mark.parametrize("start", [start_web, start_uplink, start_engine])
def test_every_process_with_threads_learns_its_structs_at_its_start(
    tmp_path: Path, start: Callable[[Path], None]
) -> None:
    fresh = new_struct()
    start(tmp_path)
    with learned_at_first_use() as found:
        use(fresh)
    assert found == []
