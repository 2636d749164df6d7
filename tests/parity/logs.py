"""Programs written for ``T`` that tell what happens as it happens; our engine and PyTorch must tell the same story, word for word."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from typing import Any

import torch

import gradstep.engine as gs

Say = Callable[..., None]
Program = Callable[[Any, Say], None]


def plain(T: Any, value: Any) -> Any:
    """``value`` in words and numbers that both engines share."""
    if isinstance(value, T.Tensor):
        return tuple(value.shape), str(value.dtype), value.detach().tolist(), value.requires_grad
    if isinstance(value, T.autograd.graph.Node):
        return value.name().rpartition("::")[2]
    if isinstance(value, T.dtype):
        return str(value)
    if isinstance(value, BaseException):
        return type(value).__name__, first_line(str(value))
    if isinstance(value, (tuple, list)):
        return type(value).__name__, [plain(T, v) for v in value]
    if isinstance(value, dict):
        return {k: plain(T, v) for k, v in value.items()}
    return value


def first_line(text: str) -> str:
    """What is compared of a message: its first line, less PyTorch's notes for its own developers, and addresses."""
    line = text.strip().splitlines()[0] if text.strip() else ""
    return re.sub(r" at 0x[0-9a-f]+", "", line).partition(" (Triggered internally")[0]


def story(program: Program, T: Any) -> list[Any]:
    """What a program tells, and the warnings and the error that it ends in."""
    told: list[Any] = []
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.filterwarnings("ignore", "Using backward\\(\\) with create_graph")  # PyTorch warns once in the life of a process
        warnings.filterwarnings("ignore", ".torch.jit.script. is deprecated|Attempted to insert a get_attr Node")  # PyTorch's own doing
        warnings.showwarning = lambda message, *_: told.append(("warning", first_line(str(message))))  # type: ignore[assignment]
        try:
            program(T, lambda *words: told.append(tuple(plain(T, w) for w in words)))
        except Exception as error:
            told.append(("error", plain(T, error)))
    return told


def same_story(program: Program) -> None:
    """Fails where our engine's story differs from PyTorch's."""
    assert story(program, gs) == story(program, torch)
