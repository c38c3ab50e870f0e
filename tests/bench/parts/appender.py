"""The journal in a process of its own, to be killed: rows by the thousand, each group durable before it is told.

python -m tests.bench.parts.appender JOURNAL BYTES: says the last sequence after each group, until it is killed.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from gateway.store.journal.writer import Journal, Row

GROUP = 1000


def rows_of(text_bytes: int) -> list[Row]:
    """A group of rows, each as long."""
    now_ns, mono_ns = time.time_ns(), time.monotonic_ns()
    return [Row("access.granted", "lanes/in", {"text": "x" * text_bytes}, now_ns, mono_ns)] * GROUP


def main() -> None:
    """Append until killed."""
    journal = Journal.create(Path(sys.argv[1]), source="/sites/bench/gateways/gw1", boot_id="bench")
    group = rows_of(int(sys.argv[2]))
    while True:
        os.write(1, b"%d\n" % journal.append(group)[-1])
        journal.tidy()


if __name__ == "__main__":
    main()
