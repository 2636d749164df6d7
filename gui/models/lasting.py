"""Work whose results stay. No Qt."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def lasting() -> Iterator[None]:
    """What is made inside is no garbage: the collector does not look through it then, nor later, as it would again and again (of a
    million objects for half a second each time). Whoever opens another tape calls ``gc.unfreeze``."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        if collecting:
            gc.enable()
