"""What of a function's arguments is no tensor: names and values, and a key by which the same ones are known again without looking at
their words."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import torch

_Tensor = torch.Tensor
_TENSORS = frozenset((torch.Tensor, torch.nn.Parameter))
# Types whose equal values have equal words.
_PLAIN = frozenset((int, str, bool, type(None), torch.dtype, torch.device, torch.layout, torch.memory_format, torch.Size))
_signatures: dict[Any, tuple[str, ...]] = {}


def _names(function: Any) -> tuple[str, ...]:
    """The parameters' names of a function that is written in Python; those of others are not to be had."""
    names = _signatures.get(function)
    if names is None:
        try:
            names = tuple(inspect.signature(function).parameters)
        except (TypeError, ValueError):
            names = ()
        _signatures[function] = names
    return names


def number_at(args: Sequence[Any], operands: int) -> int:
    """At which of the two operands of an op a number stands; -1 for none. ``operands``: 2 where they are in order, -2 where the first
    argument is the second operand (``1 / x``)."""
    if len(args) >= 2:
        for place in (0, 1):
            if type(args[place]) in (int, float):
                return place if operands > 0 else 1 - place
    return -1


def plain(
    function: Any, args: Sequence[Any], kwargs: Mapping[str, Any], operands: int = 0
) -> tuple[tuple[str, ...], tuple[Any, ...]]:  # fmt: skip
    """Names and values of what is no tensor. ``operands``: see ``number_at``; 0 for an op that has no two."""
    at = number_at(args, operands) if operands else -1
    names: list[str] = []
    values: list[Any] = []
    known: tuple[str, ...] | None = None
    for place, value in enumerate(args):
        if isinstance(value, _Tensor) or (isinstance(value, (tuple, list)) and value and isinstance(value[0], _Tensor)):
            continue
        if at >= 0 and place < 2 and type(value) in (int, float):
            names.append(f"input {at}")
            values.append(value)
            continue
        if known is None:
            known = _names(function)
        names.append(known[place] if place < len(known) else f"argument {place}")
        values.append(value)
    for name, value in kwargs.items():
        if not isinstance(value, _Tensor) and value is not None:
            names.append(name)
            values.append(value)
    return tuple(names), tuple(values)


def key_of(function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """Equal for two calls that have the same names and words; None where only looking at them can say."""
    key: list[Any] = [function]
    for value in args:
        kind = type(value)
        if kind in _TENSORS:
            key.append(kind)
        elif kind in _PLAIN:
            key += (kind, value)
        elif not _add(key, kind, value):
            return None
    for name, value in kwargs.items():
        kind = type(value)
        key.append(name)
        if kind in _TENSORS:
            key.append(kind)
        elif kind in _PLAIN:
            key += (kind, value)
        elif not _add(key, kind, value):
            return None
    return tuple(key)


def _add(key: list[Any], kind: Any, value: Any) -> bool:
    if kind is float and value == value and value:  # 0.0 equals -0.0, and nan nothing
        key += (kind, value)
        return True
    if kind is tuple or kind is list:
        for item in value:
            if type(item) is not int:
                return False
        key += (kind, tuple(value))
        return True
    return False
