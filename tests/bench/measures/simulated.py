"""`simulate_speed`: how many seconds of a site's life the simulator plays in a second: four lanes, 2,000 cars a day."""

from __future__ import annotations

import logging
import statistics
import time

from gateway.simulation.play import play
from gateway.simulation.story.write import write
from tests.bench.figures import Figure, Plan
from tests.bench.targets import TARGETS


def measure(plan: Plan) -> list[Figure]:
    """Every round is another day, with its faults."""
    hours = plan.size(24, 1)
    speeds, alone = [], []
    logging.disable(logging.CRITICAL)
    try:
        for number in range(plan.rounds):
            plan.say(f"  day {number + 1} of {plan.rounds}")
            story = write(9_000 + number, hours)
            started_s, started_cpu_s = time.perf_counter(), time.process_time()
            found = play(story)
            speeds.append(hours * 3600 / (time.perf_counter() - started_s))
            alone.append(hours * 3600 / (time.process_time() - started_cpu_s))
            assert found.broken is None, found.broken
    finally:
        logging.disable(logging.NOTSET)
    per_cpu = statistics.median(alone)
    note = f"simulated seconds a second ({per_cpu:.0f} a CPU second), {hours} h a round; absolute, as the target is"
    return [Figure.of("simulate_speed", speeds, TARGETS["simulate_speed"], unit="s/s", note=note)]
