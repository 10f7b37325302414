"""Memory of this process."""

import gc
from pathlib import Path


def resident(*, collected: bool = True) -> int:
    """Bytes of this process in memory, after a collection unless that would disturb what is timed.

    Anonymous pages only, files mapped are the system's.
    """
    if collected:
        gc.collect()
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    return 0
