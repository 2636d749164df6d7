"""Waiting for a state of other processes, without Qt."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

PATIENCE = 60.0  # seconds; only who fails waits so long


def until(condition: Callable[[], object]) -> None:
    """Wait for a state. Fails where it does not come."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it never came"
        os.sched_yield()
