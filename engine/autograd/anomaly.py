"""Anomaly detection: with it on, a node whose backward fails or makes NaN is traced back to the forward op that made it."""

from __future__ import annotations

import sys
import traceback
import warnings
from pathlib import Path
from typing import Any

from . import node as _node
from .grad_mode import _ModeGuard
from .node import Node, active

enabled = False
check_nan = False

_ENGINE = str(Path(__file__).parents[1])


def remember(node: Node) -> None:
    """Keep with ``node`` where its forward op was called, and the node in whose backward that was, if it was in one."""
    frame: Any = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_ENGINE):
        frame = frame.f_back  # what the user did, not how the engine did it
    node.metadata["traceback_"] = traceback.format_stack(frame) if frame is not None else []
    if active.walks and active.walks[-1].current is not None:
        node.metadata["parent_"] = active.walks[-1].current


def report(node: Node) -> None:
    """Warn with the place where the forward op of ``node`` was called, and those where its backward's backward began."""
    lines = node.metadata.get("traceback_")
    if lines is None:
        warnings.warn(
            f"Error detected in {node.name()}. No forward pass information available. Enable detect anomaly during forward pass "
            "for more information.",
            UserWarning,
            stacklevel=_user_level(),
        )
        return
    warnings.warn(
        f"Error detected in {node.name()}. Traceback of forward call that caused the error:\n{''.join(lines)}",
        UserWarning,
        stacklevel=_user_level(),
    )
    parent = node.metadata.get("parent_")
    while parent is not None:
        lines = parent.metadata.get("traceback_")
        if lines is None:
            warnings.warn(
                f"\n\nPrevious calculation was induced by {parent.name()}. No forward pass information available. Enable detect anomaly "
                "during forward pass for more information.",
                UserWarning,
                stacklevel=_user_level(),
            )
            return
        warnings.warn(
            f"\n\nPrevious calculation was induced by {parent.name()}. Traceback of forward call that induced the previous calculation:\n"
            f"{''.join(lines)}",
            UserWarning,
            stacklevel=_user_level(),
        )
        parent = parent.metadata.get("parent_")


def _user_level() -> int:
    """How far up the stack the user's frame is, seen from ``report``."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_ENGINE):
        level, frame = level + 1, frame.f_back
    return level


def find_nan(node: Node, outs: Any) -> None:
    """Raise RuntimeError, in PyTorch's words, where one of the gradients that ``node`` gave holds a NaN."""
    for number, out in enumerate(outs):
        if out is not None and bool(out._xp.isnan(out._data).any()):
            raise RuntimeError(f"Function '{node.name()}' returned nan values in its {number}th output.")


class set_detect_anomaly(_ModeGuard):
    """Turn anomaly detection on or off: at once when called, and until the end of the block as a context manager."""

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        super().__init__()
        self.prev, self.prev_check_nan = enabled, globals()["check_nan"]
        _set(mode, check_nan)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        _set(self.prev, self.prev_check_nan)


class detect_anomaly(_ModeGuard):
    """Anomaly detection inside the block: nodes remember where they were made, and NaN in a gradient is an error."""

    def __init__(self, check_nan: bool = True) -> None:
        super().__init__()
        self.prev, self.prev_check_nan, self.check_nan = enabled, globals()["check_nan"], check_nan
        warnings.warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should only be enabled for debugging.",
            UserWarning,
            stacklevel=2,
        )

    def __enter__(self) -> None:
        self.prev, self.prev_check_nan = enabled, globals()["check_nan"]
        _set(True, self.check_nan)

    def __exit__(self, *_: object) -> None:
        _set(self.prev, self.prev_check_nan)


def _set(on: bool, nan: bool) -> None:
    global enabled, check_nan
    enabled, check_nan = on, nan
    _node.remember = remember if on else None


def is_anomaly_enabled() -> bool:
    """Whether anomaly detection is on."""
    return enabled


def is_anomaly_check_nan_enabled() -> bool:
    """Whether anomaly detection looks for NaN."""
    return check_nan
