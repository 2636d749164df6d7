"""Anomaly detection: with it on, a node whose backward fails or makes NaN is traced back to the forward op that made it."""

from __future__ import annotations

import sys
import traceback
from typing import Any

from .grad_mode import _ModeGuard
from .node import Node

enabled = False
check_nan = False


class naming:
    """While a node runs under anomaly detection: where it fails, print where its forward op stood."""

    __slots__ = ("_node",)

    def __init__(self, node: Node) -> None:
        self._node = node

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, _: Any) -> None:
        if error is not None and enabled and isinstance(error, Exception):
            report(self._node)


def remember(node: Node) -> None:
    """Keep with ``node`` where its forward op was called."""
    node.metadata["traceback_"] = traceback.format_stack(sys._getframe(2))


def report(node: Node) -> None:
    """Print where the forward op of ``node`` was called."""
    import warnings

    lines = node.metadata.get("traceback_")
    if lines is None:
        warnings.warn(
            f"Error detected in {node.name()}. No forward pass information available. Enable detect anomaly during forward pass "
            "for more information.",
            UserWarning,
            stacklevel=3,
        )
    else:
        warnings.warn(
            f"Error detected in {node.name()}. Traceback of forward call that caused the error:\n{''.join(lines)}",
            UserWarning,
            stacklevel=3,
        )


def nan_error(node: Node, number: int) -> RuntimeError:
    """The error for a NaN that ``node`` made."""
    report(node)
    return RuntimeError(f"Function '{node.name()}' returned nan values in its {number}th output.")


class set_detect_anomaly(_ModeGuard):
    """Turn anomaly detection on or off: at once when called, and until the end of the block as a context manager."""

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        super().__init__()
        self._before = (enabled, globals()["check_nan"])
        self._after = (mode, mode and check_nan)
        _set(*self._after)

    def __enter__(self) -> None:
        _set(*self._after)

    def __exit__(self, *_: object) -> None:
        _set(*self._before)


class detect_anomaly(set_detect_anomaly):
    """Anomaly detection inside the block."""

    def __init__(self, check_nan: bool = True) -> None:
        super().__init__(True, check_nan)


def _set(on: bool, nan: bool) -> None:
    global enabled, check_nan
    enabled, check_nan = on, nan


def is_anomaly_enabled() -> bool:
    """Whether anomaly detection is on."""
    return enabled
