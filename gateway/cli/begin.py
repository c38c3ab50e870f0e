"""The command that begins: a data directory, and the code that opens the page of the first set-up."""

from __future__ import annotations

import shlex
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.cli.common import DEFAULT_DATA, Arguments, Commands, change, data_path, read_site, remark, say, show
from gateway.core.vocabulary.errors import GatehouseError, InUseError

if TYPE_CHECKING:
    from gateway.core.settings.model import Settings
    from gateway.store.directory import DataDirectory

EVERYWHERE = "0.0.0.0"
_ID_LETTERS = 6
_NAMED_MAX = 3
_MADE = """\
{data} is ready; its journal is {journal}, the gateway {gateway}
setup code: {code}"""
_OPENS = """\
  Start the gateway ({start}) and open {pages}
  The code works there once. It makes the installer and names the site."""
_VOID = """\
  The site file has operators, so there is no first set-up and the code opens nothing. Start the gateway
  ({start}) and sign in at {pages}"""
_SERVICE = "systemctl enable --now gatehouse.target"
_DRAWN = """\
setup code: {code}
  It works once, at /setup of the gateway's page; the code before it is void."""
_NOT_AN_ADDRESS = ("192.0.2.1", 9)
"""For the choice of a route: an address of documentation, to which no packet is sent."""


def add(commands: Commands) -> None:
    """Add `init`."""
    init = commands.add(
        "init",
        "make a data directory with a new journal, and print the code of the first set-up",
        _init,
        """
        gatehouse init                  a new site; the page /setup on this machine names it
        gatehouse init --lan            the same, and the page can be opened from the network
        gatehouse init --site site.json --data ./trial --json
        gatehouse init --new-code       another setup code, when the one before is lost or ten were wrong
        """,
    )
    init.add_argument("--site", type=Path, metavar="FILE", help="site file (JSON) to start with")
    init.add_argument("--lan", action="store_true", help="let the pages be opened from the network, not only from here")
    init.add_argument("--new-code", action="store_true", help="only draw another setup code for this data directory")


def _init(arguments: Arguments) -> int:
    if arguments.new_code:
        return _new_code(arguments)
    from drivers.registry import configure
    from gateway.core.settings.site_file import checked, warnings
    from gateway.store.directory import DataDirectory
    from gateway.store.journal.writer import new_journal_id

    journal = new_journal_id()
    document = _with_lan(read_site(arguments.site) if arguments.site else _new_site(journal), arguments.lan)
    settings, _ = checked(document, configure)
    directory = DataDirectory(data_path(arguments))
    if directory.exists and not directory.half_made:
        raise InUseError(
            f"{directory.path} holds a site already; choose another directory with --data, or draw another setup code"
            " with --new-code"
        )
    _must_be_empty(directory)
    code = directory.create(document, journal_id=journal)
    gateway = settings.gateway.id
    made = {"data": str(directory.path), "journal": journal, "gateway": gateway, "setup_code": code}
    words = _MADE.format(data=directory.path, journal=journal, gateway=gateway, code=code)
    tail, path = (_VOID, "/") if settings.operators else (_OPENS, "/setup")
    show(
        arguments,
        made,
        f"{words}\n{tail.format(start=_start(directory.path), pages=' or '.join(pages(settings, path)))}",
    )
    for place, warning in warnings(settings):
        say(f"settings: warning: {place} {warning}")
    return 0


def _start(data: Path) -> str:
    """How the gateway of this directory is started; the service has the usual one."""
    if data == Path(DEFAULT_DATA):
        return f"gatehouse run, or: {_SERVICE}"
    return f"gatehouse run --data {shlex.quote(str(data))}"


def _must_be_empty(directory: DataDirectory) -> None:
    """InUseError when other files are there, which would then look like Gatehouse's."""
    path, foreign = directory.path, [] if directory.exists else directory.foreign
    if path.exists() and not path.is_dir():
        raise InUseError(f"{path} is no directory; choose another with --data")
    if foreign:
        named = ", ".join([*foreign[:_NAMED_MAX], *(["..."] if len(foreign) > _NAMED_MAX else [])])
        raise InUseError(f"{path} is not empty ({named}); a site begins in an empty directory: choose one with --data")


def _new_code(arguments: Arguments) -> int:
    if arguments.site or arguments.lan:
        raise GatehouseError("--new-code draws a code for a directory that is there; leave out --site and --lan")
    drawn = change(arguments, "setup.code")
    show(arguments, drawn, _DRAWN.format(code=drawn["setup_code"]))
    remark(arguments, "earlier wrong codes are forgotten")
    return 0


def _new_site(journal: str) -> dict[str, Any]:
    """The settings of a site that is not named yet; boxes that were made alike have different ids."""
    return {"site": {"id": "site", "name": "Gatehouse"}, "gateway": {"id": f"gw-{journal[:_ID_LETTERS]}"}}


def _with_lan(document: Any, lan: bool) -> Any:
    """The settings with web pages that the network can open; a malformed document is left to its check."""
    gateway = document.get("gateway") if isinstance(document, dict) else None
    if not lan or not isinstance(gateway, dict):
        return document
    http = gateway.get("http")
    return {
        **document,
        "gateway": {**gateway, "http": {**(http if isinstance(http, dict) else {}), "host": EVERYWHERE}},
    }


def pages(settings: Settings, path: str) -> list[str]:
    """Where a page can be opened: at the address that is set, or at all addresses of this machine."""
    http = settings.gateway.http
    hosts = [http.host]
    if http.host in (EVERYWHERE, "::", ""):
        hosts = _own_addresses() or ["<address of this machine>"]
    scheme = "http" if http.tls is None else "https"
    return [f"{scheme}://{f'[{host}]' if ':' in host else host}:{http.port}{path}" for host in hosts]


def _own_addresses() -> list[str]:
    """The address by which this machine reaches the network, if it has one; no packet is sent."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(_NOT_AN_ADDRESS)
            return [str(probe.getsockname()[0])]
    except OSError:
        return []
