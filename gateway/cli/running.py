"""Commands that run the demo, the simulator, and the gateway or one of its processes."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from gateway.cli.common import EXIT_WRONG, Arguments, Commands, common_options, data_path, number, say, show
from gateway.core.vocabulary.errors import GatehouseError

if TYPE_CHECKING:
    import threading

    from gateway.core.settings.model import Http, Settings
    from gateway.store.directory import DataDirectory

LOOK_S = 1.0
"""How often a process looks whether the settings were written."""


def add(commands: Commands) -> None:
    """Add `demo`, `run`, `engine`, `uplink`, `web` and `simulate`."""
    _add_demo(commands)
    _add_running(commands)
    _add_simulate(commands)


def _add_demo(commands: Commands) -> None:
    demo = commands.add(
        "demo",
        "run a whole site on simulated hardware until Ctrl-C",
        _demo,
        """
        gatehouse demo
        gatehouse demo --port 8090 --hours 2
        gatehouse demo uplink off        cut the line to central of the demo that runs, and see it wait
        gatehouse demo uplink on         mend it, and see it catch up
        """,
    )
    demo.add_argument(
        "--port",
        type=_port,
        default=8080,
        metavar="N",
        help="where the guard's screen listens; 0: any free one (default: 8080)",
    )
    demo.add_argument(
        "--hours", type=_hours, default=None, metavar="N", help="end by itself after so many hours; 0.5 is half an hour"
    )
    actions = demo.add_subparsers(dest="action", metavar="uplink {on,off,show}")
    uplink = actions.add_parser(
        "uplink", help="cut or mend the running demo's line to central", parents=[common_options()]
    )
    uplink.add_argument("line", choices=("on", "off", "show"), help="mend it, cut it, or tell how it is")


def _add_running(commands: Commands) -> None:
    commands.add(
        "run",
        "run engine, uplink and web under one supervisor until Ctrl-C",
        _run,
        "gatehouse run --data /var/lib/gatehouse",
    )
    commands.add(
        "engine",
        "run the engine alone, as systemd does: hardware, decisions and the journal",
        _engine,
        "gatehouse engine --data /var/lib/gatehouse",
    )
    commands.add(
        "uplink",
        "run the uplink alone, as systemd does: deliver the journal to central",
        _uplink,
        "gatehouse uplink --data /var/lib/gatehouse",
    )
    commands.add(
        "web",
        "run the web server alone, as systemd does: the guard's screen and the HTTP interface",
        _web,
        "gatehouse web --data /var/lib/gatehouse",
    )


def _add_simulate(commands: Commands) -> None:
    simulate = commands.add(
        "simulate",
        "play made-up days at simulated sites against the real core and stores, and check every rule",
        _simulate,
        """
        gatehouse simulate --hours 500           a new seed, which is printed
        gatehouse simulate --seed 7 --hours 24   the same days again
        """,
    )
    simulate.add_argument(
        "--seed", type=int, default=None, metavar="N", help="which days to play (default: new ones each time)"
    )
    simulate.add_argument("--hours", type=_site_hours, default=24, metavar="H", help="hours of site time (default: 24)")


def _port(text: str) -> int:
    return int(number(text, int, 0, 65535))


def _hours(text: str) -> float:
    return float(number(text, float, 0, 24 * 365))


def _site_hours(text: str) -> int:
    return int(number(text, int, 1, 1_000_000))


def _demo(arguments: Arguments) -> int:
    from gateway.demo import run as demo

    if arguments.action == "uplink":
        on = demo.switch_uplink(getattr(arguments, "data", None), arguments.line)
        show(arguments, {"line": "on" if on else "off"}, demo.LINE_WORDS[on])
        return 0
    return demo.run(getattr(arguments, "data", None), port=arguments.port, hours=arguments.hours)


def _simulate(arguments: Arguments) -> int:
    import secrets

    from gateway.simulation.run import simulate

    seed = secrets.randbelow(10**9) if arguments.seed is None else arguments.seed
    outcome = simulate(seed, arguments.hours)
    show(arguments, outcome.document(), outcome.told())
    return 0 if outcome.broken is None else 1


def _run(arguments: Arguments) -> int:
    from gateway.cli.begin import pages
    from gateway.processes.ending import die_with_parent
    from gateway.processes.supervisor import Part, Supervisor, SupervisorError
    from gateway.store.directory import DataDirectory

    die_with_parent()
    data = data_path(arguments)
    directory = DataDirectory(data)
    settings = directory.configured()
    wanted = {"uplink": _Followed(directory, lambda one: one.needs_uplink)}
    names = ("engine", "web", "uplink")
    parts = [
        Part(name, (sys.executable, "-m", "gateway", name, "--data", str(data)), wanted.get(name, lambda: True))
        for name in names
    ]
    started = [part.name for part in parts if part.wanted()]
    say(f"{settings.site.name or settings.site.id}: starting {', '.join(started)}; Ctrl-C ends them")
    if directory.first_run.over:
        say(f"the guard's screen: {' or '.join(pages(settings, '/'))}")
    else:
        say(f"not set up yet: {' or '.join(pages(settings, '/setup'))}, with the code that gatehouse init has shown")
    try:
        Supervisor(parts, say).run()
    except SupervisorError as error:
        say(str(error))
        return error.status
    return 0


def _engine(arguments: Arguments) -> int:
    stop = _part("engine")
    from gateway.engine.main import run_engine

    return run_engine(data_path(arguments), stop=stop)


def _uplink(arguments: Arguments) -> int:
    stop = _part("uplink")
    from gateway.uplink.main import run

    return run(data_path(arguments), stop)


def _web(arguments: Arguments) -> int:
    stop = _part("web")
    from gateway.store.directory import DataDirectory
    from web.front.server import serve

    data = data_path(arguments)
    directory = DataDirectory(data)
    http = directory.configured().gateway.http
    moved = _ends_when_moved(directory, http, stop)
    failed = serve(data, http.host, http.port, stop)
    return EXIT_WRONG if failed or moved.is_set() else 0


def _ends_when_moved(directory: DataDirectory, http: Http, stop: threading.Event) -> threading.Event:
    """Set `stop` when the settings give the web another address: it is started again there; the event says so."""
    import logging
    import threading

    moved = threading.Event()
    same = _Followed(directory, lambda settings: settings.gateway.http == http)

    def watch() -> None:
        while not stop.wait(LOOK_S):
            if not same():
                logging.getLogger(__name__).warning("the settings of gateway.http have changed: web begins anew")
                moved.set()
                stop.set()

    threading.Thread(target=watch, name="settings", daemon=True).start()
    return moved


class _Followed:
    """A fact about the settings, looked up again when their file is written; settings that cannot be read say nothing
    new.
    """

    def __init__(self, directory: DataDirectory, fact: Callable[[Settings], bool]) -> None:
        self._directory = directory
        self._fact = fact
        self._stamp: tuple[int, int, int] | None = None
        self._known = True

    def __call__(self) -> bool:
        """The fact now."""
        stamp = self._directory.versions.stamp()
        if stamp != self._stamp:
            self._stamp = stamp
            with contextlib.suppress(GatehouseError, OSError):
                self._known = self._fact(self._directory.settings())
        return self._known


def _part(name: str) -> threading.Event:
    """Make this process a part of the gateway: logging, end with the parent, an event that SIGTERM sets."""
    import logging
    import threading

    from gateway.processes.ending import die_with_parent, on_stop_signal

    stop = threading.Event()
    on_stop_signal(stop)
    die_with_parent()
    if "JOURNAL_STREAM" in os.environ:
        # journald adds the time itself and takes the level from sd-daemon(3)'s prefixes.
        for level, prefix in ((10, "<7>"), (20, "<6>"), (30, "<4>"), (40, "<3>"), (50, "<2>")):
            logging.addLevelName(level, prefix)
        form = "%(levelname)s%(message)s"
    else:
        form = f"%(asctime)s {name} %(levelname)s: %(message)s"
    logging.basicConfig(level=logging.INFO, format=form, datefmt="%H:%M:%S")
    return stop
