"""Where the `gatehouse` command begins and ends, and `python -m gateway` as well.

Loading the program takes a while on a small machine, and so does taking it down. Ctrl-C ends the command there too, and
without a traceback: while `gateway.cli.main` cannot answer it, the system's own way of ending a process stands in.
"""

from __future__ import annotations

import signal
import sys


def main() -> int:
    """Run the command line; returns its exit code."""
    # Whoever has it ignored, as `nohup` and a shell's `&` do, wants it so.
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
