"""``__torch_function__``: subclasses of Tensor, and modes, that are asked before a function of torch runs.

Nobody pays for this who does not use it: the public functions are replaced by ones that ask when the first subclass with a
``__torch_function__`` is defined, or the first mode entered. What a function calls inside is not asked about, as in PyTorch.
"""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from . import names
from .nn import functional
from .ops.shape import as_subclass
from .tensor import Tensor

__all__ = [
    "BaseTorchFunctionMode",
    "TorchFunctionMode",
    "handle_torch_function",
    "has_torch_function",
    "is_tensor_like",
    "resolve_name",
]


class _State(threading.local):
    def __init__(self) -> None:
        self.modes: list[Any] = []
        self.inside = 0  # how many public functions of the engine run
        self.plain = 0  # how many blocks forbid asking subclasses


_state = _State()
_names: dict[Any, str] = {}  # the public name of each function that asks


def _disabled_torch_function_impl(*args: Any, **kwargs: Any) -> Any:
    """As ``__torch_function__`` of a subclass: it is treated as a plain tensor."""
    raise AssertionError("a marker, which is not called")


def _asked(values: Iterable[Any]) -> list[Any]:
    """Those of the arguments, also in lists and tuples, whose type wants to be asked; one a type, subclasses first."""
    found: list[Any] = []
    for value in values:
        kind = type(value)
        if kind is tuple or kind is list:
            inner = _asked(value)
        elif kind is Tensor or _rule(kind) is None:
            continue
        else:
            inner = [value]
        for one in inner:
            if not any(type(one) is type(other) for other in found):
                place = next((i for i, other in enumerate(found) if issubclass(type(one), type(other))), len(found))
                found.insert(place, one)
    return found


def _rule(kind: type) -> Any:
    rule = getattr(kind, "__torch_function__", None)
    if rule is None or rule is _disabled_torch_function_impl or (issubclass(kind, Tensor) and kind.__module__.startswith(__package__)):
        return None
    return rule


_OPERATORS = {
    "__add__": "add", "__radd__": "add", "__sub__": "sub", "__mul__": "mul", "__rmul__": "mul", "__truediv__": "div",
    "__rtruediv__": "__rdiv__", "__mod__": "remainder", "__pow__": "pow", "__matmul__": "matmul", "__neg__": "neg", "__abs__": "abs",
    "__ne__": "ne", "__lt__": "lt", "__gt__": "gt", "__le__": "le", "__ge__": "ge", "__iadd__": "add_", "__imul__": "mul_",
    "__isub__": "sub_", "__itruediv__": "div_",
}  # fmt: skip


def _asking(raw: Callable[..., Any], name: str) -> Any:
    @functools.wraps(raw)
    def public(*args: Any, **kwargs: Any) -> Any:
        if _state.inside:
            return raw(*args, **kwargs)
        if _state.modes or not _state.plain:
            asked = _asked((*args, *kwargs.values())) if not _state.plain else []
            if _state.modes:
                return _ask_mode(public, asked, args, kwargs or None)
            if asked:
                return _ask(public, name, asked, args, kwargs or None)
        _state.inside += 1
        try:
            return raw(*args, **kwargs)
        finally:
            _state.inside -= 1

    last = name.rpartition(".")[2]
    public.__name__ = _OPERATORS.get(last, last)
    _names[public] = name
    return public


def _ask_mode(public: Any, asked: list[Any], args: tuple[Any, ...], kwargs: dict[str, Any] | None) -> Any:
    mode = _state.modes.pop()
    try:
        return mode.__torch_function__(public, tuple(map(type, asked)), args, kwargs)
    finally:
        _state.modes.append(mode)


def _ask(public: Any, name: str, asked: list[Any], args: tuple[Any, ...], kwargs: dict[str, Any] | None) -> Any:
    types = tuple(map(type, asked))
    for one in asked:
        made = type(one).__torch_function__(public, types, args, kwargs)
        if made is not NotImplemented:
            return made
    if "__" in name:
        return NotImplemented  # an operator: Python asks the other operand, and says so where that does not know either
    lines = "\n".join(f"  - tensor subclass {kind}" for kind in types)
    raise TypeError(
        f"Multiple dispatch failed for '{name}'; all __torch_function__ handlers returned NotImplemented:\n\n{lines}\n\n"
        "For more information, try re-running with TORCH_LOGS=not_implemented"
    )


def _torch_function(cls: type[Tensor], func: Any, types: Iterable[type], args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
    """What a subclass does unless it says otherwise: the function runs as for tensors, and the tensors that it gives become ``cls``."""
    if not all(issubclass(cls, kind) for kind in types):
        return NotImplemented
    with DisableTorchFunctionSubclass():
        return _converted(func(*args, **(kwargs or {})), cls)


def _converted(made: Any, cls: type[Tensor]) -> Any:
    if cls is Tensor:
        return made
    if isinstance(made, Tensor):
        return made if isinstance(made, cls) else as_subclass(made, cls)
    if isinstance(made, (tuple, list)):
        parts = [_converted(m, cls) for m in made]
        make: Any = getattr(type(made), "_make", type(made))
        return make(parts)
    return made


class TorchFunctionMode:
    """Inside ``with`` each call of a public function goes to ``__torch_function__(func, types, args, kwargs)`` of the mode first;
    what it calls itself goes to the mode outside of it."""

    def __enter__(self) -> TorchFunctionMode:
        _install()
        _state.modes.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        _state.modes.pop()

    def __torch_function__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
        raise NotImplementedError


class BaseTorchFunctionMode(TorchFunctionMode):
    """A mode that lets everything pass."""

    def __torch_function__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
        return func(*args, **(kwargs or {}))


@contextmanager
def DisableTorchFunctionSubclass() -> Iterator[None]:
    """Inside the block subclasses are not asked."""
    _state.plain += 1
    try:
        yield
    finally:
        _state.plain -= 1


@contextmanager
def DisableTorchFunction() -> Iterator[None]:
    """Inside the block neither subclasses nor modes are asked."""
    modes, _state.modes = _state.modes, []
    try:
        with DisableTorchFunctionSubclass():
            yield
    finally:
        _state.modes = modes


def has_torch_function(relevant_args: Iterable[Any]) -> bool:
    """Whether one of the arguments, or a mode, wants to be asked."""
    return bool(_state.modes) or (not _state.plain and bool(_asked(relevant_args)))


def handle_torch_function(public_api: Callable[..., Any], relevant_args: Iterable[Any], *args: Any, **kwargs: Any) -> Any:
    """Ask those who want to be asked about a call of ``public_api``.

    Raises TypeError where none of them knows it.
    """
    asked = _asked(relevant_args)
    if _state.modes:
        return _ask_mode(public_api, asked, args, kwargs)
    return _ask(public_api, resolve_name(public_api) or public_api.__name__, asked, args, kwargs)


def is_tensor_like(inp: Any) -> bool:
    """Whether ``inp`` is a tensor or asks for calls as one."""
    return type(inp) is Tensor or hasattr(inp, "__torch_function__")


def resolve_name(f: Any) -> str | None:
    """The public name of a function; None for one that is not asked about."""
    return _names.get(f)


_ASKED_METHODS = ("backward", "detach", "item", "tolist", "requires_grad_", "register_hook", "retain_grad")


def _install() -> None:
    """Put functions that ask in the place of the public ones, once."""
    if _names:
        return
    replaced: dict[int, Any] = {}

    def asking(raw: Any, name: str) -> Any:
        if id(raw) not in replaced:
            replaced[id(raw)] = _asking(raw, name)
        return replaced[id(raw)]

    torch = sys.modules[__package__]
    for name, value in list(names.NAMES.items()):
        if callable(value) and not isinstance(value, type) and getattr(value, "__module__", "").startswith(__package__) and _is_op(value):
            names.NAMES[name] = asking(value, f"torch.{name}")
            setattr(torch, name, names.NAMES[name])
    for name, value in list(functional.NAMES.items()):
        functional.NAMES[name] = asking(value, f"torch.nn.functional.{name}")
        setattr(functional, name, functional.NAMES[name])
    for name in dir(Tensor):
        value = vars(Tensor).get(name)
        if callable(value) and not isinstance(value, type) and (name in _ASKED_METHODS or _is_op(value)):
            setattr(Tensor, name, _asking(value, f"torch.Tensor.{name}"))
        elif isinstance(value, property) and value.fget is not None and name in ("data", "T", "mT", "H", "mH", "real", "imag"):
            asked = _asking(value.fget, f"torch.Tensor.{name}.__get__")
            setattr(Tensor, name, property(asked, value.fset, value.fdel, value.__doc__))


def _is_op(value: Any) -> bool:
    module = getattr(value, "__module__", "")
    return any(module.startswith(f"{__package__}.{place}") for place in ("op", "creation", "inplace")) or hasattr(value, "op")


def subclassed(cls: type[Tensor]) -> None:
    """Have functions ask from now on, where ``cls`` is a user's."""
    if not cls.__module__.startswith(__package__):
        _install()


Tensor.__torch_function__ = classmethod(_torch_function)  # type: ignore[attr-defined]
