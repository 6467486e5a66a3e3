"""What every measurement shares: the median of some runs, and how a figure is told."""

import gc
import statistics
import time
from collections.abc import Callable

Report = Callable[[str, float, float, str, str], None]
"""name, ours, floor (both in seconds), what the floor is, aim."""


def median(do: Callable[[], object], times: int) -> float:
    taken = []
    for _ in range(times):
        gc.collect()
        started = time.perf_counter()
        do()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)
