"""The user's frames: which they are, in words, and whether one of them runs."""

from __future__ import annotations

import os
import types
from typing import Any

from ..older import qualname
from ..tape import stacks

_ENGINE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


def user_stack(frame: types.FrameType | None) -> list[types.FrameType]:
    """The frames that are not gradstep's and not Python's machinery, innermost first."""
    found = []
    while frame is not None:
        if stacks.is_kept(frame.f_code.co_filename):
            found.append(frame)
        frame = frame.f_back
    return found


def place(frame: types.FrameType) -> dict[str, Any]:
    """A frame in words."""
    return {"file": frame.f_code.co_filename, "line": frame.f_lineno or 0, "function": qualname(frame.f_code)}


def between_lines(frame: types.FrameType | None) -> bool:
    """Whether the user's own code runs here, and not the engine or the recorder in the middle of something."""
    while frame is not None:
        if stacks.is_kept(frame.f_code.co_filename):
            return True
        if frame.f_code.co_filename.startswith(_ENGINE):
            return False
        frame = frame.f_back
    return False
