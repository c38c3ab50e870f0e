"""GPIO lines of the machine itself; the one user of gpiozero.

Lines are used as gpiozero pins, below its device classes, for two reasons: a relay's level is set before its
direction, so that nothing blips at start, and a line that already is an output keeps its level. There is no debounce
here: gpiozero's drops real edges, so the core does its own. Inputs are read on every edge and at intervals besides,
because edges are missed and made up.

Where the machine has no pins (a desk, a test) gpiozero's MockFactory stands in for them. Where it has pins but lgpio
is missing, that is an error which says what to install. When the process ends the kernel takes the lines back, and a
relay falls to rest: for an arm that is held open by a contact, use a board.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Literal

import msgspec
from gpiozero import Device, GPIOZeroError
from gpiozero.pins.mock import MockFactory

from gateway.core.vocabulary.errors import DeviceError

Level = Literal["high", "low"]
Pull = Literal["up", "down", "none"]
_factory_lock = threading.Lock()


class OutputLine(msgspec.Struct, frozen=True):
    """A relay on a pin (BCM number); `active` is the level that energises it."""

    pin: int
    active: Level = "high"


class InputLine(msgspec.Struct, frozen=True):
    """A contact on a pin (BCM number); `active` is the level while current flows."""

    pin: int
    pull: Pull = "up"
    active: Level = "low"


def has_pins() -> bool:
    """True on a machine with a GPIO chip."""
    return any(Path("/dev").glob("gpiochip*"))


def pin_factory() -> Any:
    """gpiozero's way to the pins of this machine, made once; DeviceError when something must be installed."""
    with _factory_lock:
        if Device.pin_factory is None:
            Device.pin_factory = _make_factory()
        return Device.pin_factory


def _make_factory() -> Any:
    if os.environ.get("GPIOZERO_PIN_FACTORY"):
        return Device._default_pin_factory()
    if not has_pins():
        return MockFactory()
    try:
        from gpiozero.pins.lgpio import LGPIOFactory
    except ImportError as error:
        raise DeviceError(
            "this machine has GPIO pins, but lgpio is missing; install it with: pip install 'gatehouse[gpio]',"
            " or with Python 3.13: apt install python3-lgpio"
        ) from error
    return LGPIOFactory()


class GpioLines:
    """The lines of one device; implements `drivers.buses.direct.Points`."""

    def __init__(self, outputs: tuple[OutputLine, ...], inputs: tuple[InputLine, ...]) -> None:
        self._output_lines = outputs
        self._input_lines = inputs
        self._outputs: list[Any] = []
        self._inputs: list[Any] = []
        self._on_edge: Callable[..., None] | None = None

    def open(self, changed: Callable[[], None]) -> None:
        """Claim the lines, moving nothing; `changed` is called on every edge of an input."""
        self._on_edge = partial(_edge, changed)  # Kept here: gpiozero holds it by a weak reference.
        with _explained("cannot be used; check the pin numbers and that no other program has them"):
            factory = pin_factory()
            self._outputs = [_relay(factory.pin(_name(line.pin)), line) for line in self._output_lines]
            self._inputs = [self._contact(factory.pin(_name(line.pin)), line) for line in self._input_lines]

    def inputs(self) -> tuple[bool, ...]:
        """True where current flows."""
        with _explained("cannot be read"):
            lines = zip(self._inputs, self._input_lines, strict=True)
            return tuple(bool(pin.state) == (line.active == "high") for pin, line in lines)

    def outputs(self) -> tuple[bool, ...]:
        """True where the relay is energised."""
        with _explained("cannot be read"):
            lines = zip(self._outputs, self._output_lines, strict=True)
            return tuple(bool(pin.state) == (line.active == "high") for pin, line in lines)

    def write(self, output: int, active: bool) -> None:
        """Switch a relay, and see that its line has followed."""
        with _explained("cannot be switched"):
            pin = self._outputs[output]
            level = active == (self._output_lines[output].active == "high")
            pin.state = level
            if bool(pin.state) != level:
                raise DeviceError(f"GPIO line {self._output_lines[output].pin} does not follow; is it shorted?")

    def close(self) -> None:
        """Listen no more; every line stays as it is."""
        for pin in self._inputs:
            pin.when_changed = None
        self._on_edge = None

    def _contact(self, pin: Any, line: InputLine) -> Any:
        pin.when_changed = None
        pin.input_with_pull("floating" if line.pull == "none" else line.pull)
        pin.bounce = None
        pin.edges = "both"
        pin.when_changed = self._on_edge
        return pin


def _relay(pin: Any, line: OutputLine) -> Any:
    """Claim a relay's line with its rest level before its direction; one that is an output already keeps its level."""
    if pin.function != "output":
        rest_pull = "up" if line.active == "low" else "down"
        if pin.info.pull in ("", rest_pull):
            pin.input_with_pull(rest_pull)
        pin.output_with_state(line.active == "low")
    return pin


def _name(pin: int) -> str:
    return f"GPIO{pin}"


def _edge(changed: Callable[[], None], _ticks: Any, _state: Any) -> None:
    changed()


@contextmanager
def _explained(what: str) -> Iterator[None]:
    """Turn the errors of gpiozero, lgpio and the kernel into words."""
    try:
        yield
    except (GPIOZeroError, OSError) as error:
        raise DeviceError(f"the GPIO lines {what} ({error})") from error
    except Exception as error:
        if type(error).__module__.partition(".")[0] != "lgpio":
            raise
        raise DeviceError(f"the GPIO lines {what} ({error})") from error
