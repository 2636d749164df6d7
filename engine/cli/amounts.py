"""Amounts that are typed on a command line: bytes, seconds, counts."""

from __future__ import annotations

import argparse
import math
import re

_UNITS = {"": 0, "k": 10, "m": 20, "g": 30, "t": 40}


def size(text: str) -> int:
    """Bytes: ``16G``, ``500M``, ``1.5GiB``, ``4096``; powers of 1024. Raises argparse's error for anything else."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?", text.strip().lower())
    count = int(float(found[1]) * 2 ** _UNITS[found[2]]) if found else 0
    if count <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no size: 16G, 500M, 1.5GiB and 4096 (bytes) are")
    return count


def seconds(text: str) -> float:
    """Seconds above 0: ``30``, ``0.5``, ``10m``, ``2h``."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", text.strip().lower())
    amount = float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[found[2]] if found else 0.0
    if not 0 < amount < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no time: 30, 0.5, 10m and 2h are")
    return amount


def count(text: str) -> int:
    """A whole number above 0."""
    if not text.isdecimal() or int(text) <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return int(text)


def mebibytes(text: str) -> int:
    """Mebibytes, 0 or more."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no number of mebibytes; a budget is not negative")
    return int(text)
