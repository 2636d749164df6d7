"""How the host's allocator treats freed memory.

A training step frees what the next one asks for. glibc gives large pieces back to the system at once, and the system clears
each page again when it is next touched: on a busy machine that takes as long as computing does.
"""

from __future__ import annotations

import ctypes
import os
import sys

_TRIM, _PAD, _MMAP = -1, -2, -3  # M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD of malloc.h
KEPT = 512 << 20  # bytes that are free at the end of the heap before any are given back
APART = 256 << 20  # bytes from which an array is a mapping of its own, given back when it is freed
_OLDEST = 32 << 20  # the most that older versions of glibc take for that
STEP = 64 << 20  # bytes by which the heap grows


def keep_freed() -> bool:
    """Let glibc keep freed memory for the next array; whether it does.

    Leaves alone other allocators, other systems, and whoever has chosen for himself by MALLOC_... in the environment or has set
    GRADSTEP_KEEP_MEMORY=0.
    """
    if not sys.platform.startswith("linux") or os.environ.get("GRADSTEP_KEEP_MEMORY") == "0":
        return False
    if any(name.startswith("MALLOC_") or name == "GLIBC_TUNABLES" for name in os.environ):
        return False
    library = ctypes.CDLL(None)
    if not hasattr(library, "gnu_get_libc_version") or not hasattr(library, "mallopt"):
        return False
    if not library.mallopt(_MMAP, APART) and not library.mallopt(_MMAP, _OLDEST):
        return False
    return bool(library.mallopt(_TRIM, KEPT)) and bool(library.mallopt(_PAD, STEP))
