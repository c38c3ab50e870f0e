"""Entry of the `gatehouse` command and of `python -m gateway`.

Loading the program takes a while on a small machine, and so does its end. There Ctrl-C has the system's default action,
so that it ends the command without a traceback while `gateway.cli.main` cannot handle it.
"""

from __future__ import annotations

import signal
import sys


def main() -> int:
    """Run the command line; returns its exit code."""
    # An ignored SIGINT stays ignored, as `nohup` and the `&` of a shell set it.
    usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if usual:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from gateway.cli import main as run

    try:
        return run()
    finally:
        if usual:
            signal.signal(signal.SIGINT, signal.SIG_DFL)


if __name__ == "__main__":
    sys.exit(main())
