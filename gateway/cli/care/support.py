"""The command that packs a bundle for those who help."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.cli.common import Arguments, Commands, client_of, count, data_path, remark, show
from gateway.core.vocabulary.errors import EngineUnreachableError, GatehouseError

if TYPE_CHECKING:
    from gateway.core.settings.model import Settings
    from gateway.support.bundle import Found

UNITS = ("gatehouse-engine", "gatehouse-uplink", "gatehouse-web", "gatehouse-backup")
LINES = 5000
_ASK_S = 5.0
_LOGS_S = 30.0


def add(commands: Commands) -> None:
    """Add `support`."""
    support = commands.add(
        "support",
        "write a bundle for those who help, with secrets and personal data masked",
        _support,
        """
        gatehouse support /tmp/gatehouse.tar.gz
        gatehouse support /tmp/gatehouse.tar.gz --last 10000
        """,
    )
    support.add_argument("file", type=Path, metavar="FILE", help="where to (.tar.gz)")
    support.add_argument("--last", type=count, default=2000, metavar="N", help="rows of the journal (default: 2000)")
    support.add_argument("--force", action="store_true", help="replace FILE if it is there")


def _support(arguments: Arguments) -> int:
    from gateway.cli.show import Progress
    from gateway.store.directory import DataDirectory
    from gateway.support.bundle import write_bundle

    directory = DataDirectory(data_path(arguments))
    if not directory.exists:
        directory.configured()  # names the remedy
    found = _found(arguments, directory)
    progress = Progress("journal rows")
    try:
        names = write_bundle(
            directory, arguments.file.absolute(), found, rows=arguments.last, force=arguments.force, progress=progress
        )
    finally:
        progress.end()
    size = arguments.file.stat().st_size
    made = {"file": str(arguments.file), "bytes": size, "parts": names, "missing": sorted(found.missing)}
    show(arguments, made, f"{arguments.file}: {size:,} bytes, {len(names)} parts")
    if found.missing:
        remark(arguments, f"without {', '.join(sorted(found.missing))}: the bundle says why")
    remark(arguments, "secrets and personal data are masked; look through it before you send it")
    return 0


def _found(arguments: Arguments, directory: Any) -> Found:
    """What others must be asked for."""
    from gateway.support.bundle import Found

    found = Found()
    try:
        found.state = client_of(directory.path).call("state")
    except EngineUnreachableError as error:
        found.missing["state"] = str(error)
    except GatehouseError as error:
        found.missing["state"] = str(error)
    try:
        found.check = _check(arguments)
    except (GatehouseError, OSError) as error:
        found.missing["check"] = str(error)
    try:
        found.metrics = _metrics(directory.configured())
    except (GatehouseError, OSError, ValueError) as error:
        found.missing["metrics"] = str(error)
    _logs(found)
    return found


def _check(arguments: Arguments) -> Any:
    import argparse

    import msgspec

    from gateway.cli.site import report_of

    report = report_of(argparse.Namespace(**{**vars(arguments), "site": None}))
    return {"ok": report.fine, **msgspec.to_builtins(report)}


def _metrics(settings: Settings) -> str:
    """The figures of the web process on this machine; OSError when it does not answer."""
    import ssl
    import urllib.request

    http = settings.gateway.http
    host = "127.0.0.1" if http.host in ("0.0.0.0", "::", "") else http.host
    last: Exception = OSError("no answer")
    for scheme in ("http", "https"):
        # Only figures are read, from this machine: the name in the certificate does not matter.
        context = ssl._create_unverified_context() if scheme == "https" else None
        try:
            with urllib.request.urlopen(
                f"{scheme}://{host}:{http.port}/metrics", None, _ASK_S, context=context
            ) as answer:
                content: bytes = answer.read(4_000_000)
                return content.decode("utf-8", "replace")
        except (OSError, ValueError) as error:
            last = error
    raise OSError(f"the web process does not answer: {last}") from last


def _logs(found: Found) -> None:
    """What the services said, where journald keeps it and this user may read it."""
    program = shutil.which("journalctl")
    if program is None:
        found.missing["logs"] = "there is no journalctl here"
        return
    for unit in UNITS:
        argv = [program, "--no-pager", "--quiet", "-o", "short-iso", "-n", str(LINES), "-u", f"{unit}.service"]
        try:
            told = subprocess.run(argv, capture_output=True, timeout=_LOGS_S, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            found.missing[f"logs of {unit}"] = str(error)
            continue
        if told.returncode == 0 and told.stdout:
            found.logs[unit] = told.stdout.decode("utf-8", "replace")
        else:
            said = told.stderr.decode("utf-8", "replace").strip()
            found.missing[f"logs of {unit}"] = said or "journald has none"
