"""`memory_engine`, `memory_all`: what the three processes hold with a million passes, after traffic, in MB.

Resident memory as the kernel counts it (RSS); the proportional share (PSS), which counts libraries once, is noted.
"""

from __future__ import annotations

import re
from pathlib import Path

from gateway.demo.line import free_port
from tests.bench import subjects
from tests.bench.figures import Figure, Plan
from tests.bench.measures.pull_feed import Client
from tests.bench.rig import Rig
from tests.bench.targets import TARGETS
from tests.support.mosquitto import Mosquitto

PARTS = ("engine", "uplink", "web")
MB = 1_000_000


def measure(plan: Plan) -> list[Figure]:
    """Both figures, from processes that have worked for a while."""
    folder = plan.folder("memory")
    passes = plan.size(1_000_000, 2_000)
    rig = Rig(folder)
    broker = Mosquitto(folder).start()
    port = free_port()
    engine, together, shares = [], [], []
    try:
        plan.say(f"  storing {passes} passes ...")
        gateway = subjects.make(folder, rig, passes, mqtt_port=broker.port, http_port=port)
        _, secret = gateway.directory.tokens.create("central", ["events:read"])
        for number in range(min(plan.rounds, 3)):
            rss, pss = _round(rig, gateway, port, secret, passes, plan.size(150, 5))
            engine.append(rss["engine"] / MB)
            together.append(sum(rss.values()) / MB)
            shares.append(sum(pss.values()) / MB)
            words = ", ".join(f"{part} {rss[part] / MB:.1f} ({pss[part] / MB:.1f})" for part in PARTS)
            plan.say(f"  MB resident (proportional), round {number + 1}: {words}")
    finally:
        rig.close()
        broker.stop()
    note = f"RSS with {passes} passes, after cards, a feed pulled and a backlog delivered"
    return [
        Figure.of("memory_engine", engine, TARGETS["memory_engine"], unit="MB", note=note),
        Figure.of("memory_all", together, TARGETS["memory_all"], unit="MB", note=f"{note}; PSS {max(shares):.0f} MB"),
    ]


def _round(
    rig: Rig, gateway: subjects.Gateway, port: int, secret: str, passes: int, cards: int
) -> tuple[dict[str, int], dict[str, int]]:
    with subjects.engine(gateway, rig):
        gateway.start("uplink")
        gateway.start("web")
        rig.passages(cards, passes)
        subjects.wait_for_port(port)
        client = Client(port, secret)
        client.pull()
        client.close()
        rig.serve_for(1.5)
        found = {part: _memory(gateway.pid(part)) for part in PARTS}
        gateway.stop("uplink")
        gateway.stop("web")
    return {part: rss for part, (rss, _) in found.items()}, {part: pss for part, (_, pss) in found.items()}


def _memory(pid: int) -> tuple[int, int]:
    """RSS and PSS of a process in bytes."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    rss, pss = (int(re.search(rf"^{key}:\s+(\d+) kB", text, re.M)[1]) * 1024 for key in ("Rss", "Pss"))  # type: ignore[index]
    return rss, pss
