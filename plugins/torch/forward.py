"""What the script computes, at the level of PyTorch's own functions: a mode of ``__torch_function__``, ``Function.apply`` and the calls
of modules. What a function does inside (``cross_entropy`` calls others) is one op.
"""

from __future__ import annotations

import inspect
import sys
import time
import weakref
from collections.abc import Callable
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from gradstep.engine.tape.stacks import is_own

from .naming import WRAPPERS
from .tensors import flat, is_leaf
from .watch import Watch

_now = time.perf_counter_ns
_sequence = torch._C._autograd._get_sequence_nr
_grad_mode = torch.is_grad_enabled
_Tensor = torch.Tensor

# Functions that only ask something of a tensor, or that change nothing that a tape knows of.
_SKIPPED = frozenset((
    "size", "dim", "numel", "nelement", "ndimension", "stride", "element_size", "is_floating_point", "is_complex",
    "is_contiguous", "is_signed", "is_same_size", "get_device", "is_tensor", "is_storage", "is_inference", "is_conj", "is_neg",
    "is_nonzero", "requires_grad_", "retain_grad", "register_hook", "register_post_accumulate_grad_hook", "backward", "grad",
    "__repr__", "__format__", "__len__", "__hash__", "__deepcopy__", "__reduce_ex__", "__dir__", "__contains__", "__set__",
    "__delete__", "storage", "untyped_storage", "data_ptr", "storage_offset", "_typed_storage", "share_memory_", "is_shared",
    "is_pinned", "allclose", "equal", "type", "get_default_dtype", "dim_order", "broadcast_shapes", "result_type", "can_cast",
    "promote_types", "has_torch_function", "__dlpack__", "__dlpack_device__", "_is_view", "_has_compatible_shallow_copy_type",
    "save", "load", "manual_seed", "set_default_dtype", "set_default_device", "is_grad_enabled", "einsum_path",
    "broadcast_to_shape", "iinfo", "finfo",
))  # fmt: skip
# Properties that make a tensor as functions do.
_MAKING = frozenset(("T", "mT", "H", "mH", "real", "imag"))
# What takes numbers out of the graph, into Python or another array.
_LEAVING = {
    "item": "item", "tolist": "tolist", "numpy": "numpy", "__array__": "numpy", "__float__": "item", "__int__": "item",
    "__bool__": "item", "__index__": "item", "__complex__": "item",
}  # fmt: skip
_PLAIN = {"__truediv__": "div", "__rtruediv__": "div", "__itruediv__": "div_", "__floordiv__": "floor_divide", "__invert__": "bitwise_not"}

Spec = tuple[str, bool]  # an op's name, and whether it takes numbers out


def _spec(function: Any) -> Spec | None:
    """What a function is called on the tape; None where it does not belong there."""
    name = str(getattr(function, "__name__", "") or type(function).__name__)
    if name == "__get__":
        owner = getattr(getattr(function, "__self__", None), "__name__", "")
        return (owner, False) if owner in _MAKING else ("data", True) if owner == "data" else None
    if name in _LEAVING:
        return _LEAVING[name], True
    if name in _SKIPPED:
        return None
    if name in _PLAIN:
        return _PLAIN[name], False
    if name.startswith("__") and name.endswith("__"):
        name = name[2:-2]
        if name[:1] == "i" and name not in ("index", "int", "invert", "iter") and hasattr(_Tensor, f"{name[1:]}_"):
            name = f"{name[1:]}_"  # __iadd__
        elif name[:1] == "r" and hasattr(_Tensor, f"__{name[1:]}__") and name not in ("round", "rshift", "repr"):
            name = "rsub" if name == "rsub" else name[1:]
    return name, False


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


def _plain_params(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[str, ...], tuple[Any, ...]]:
    """What of the arguments is no tensor."""
    names: list[str] = []
    values: list[Any] = []
    known: tuple[str, ...] | None = None
    for place, value in enumerate(args):
        if isinstance(value, _Tensor) or (isinstance(value, (tuple, list)) and value and isinstance(value[0], _Tensor)):
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


class Ops(TorchFunctionMode):  # type: ignore[misc]  # torch is Any where it is not installed
    """Records what it sees. It lies below every mode of the script's own."""

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watch = watch
        self._specs: dict[Any, Spec | None] = {}

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """One call of one of PyTorch's functions."""
        kwargs = kwargs or {}
        watch = self._watch
        if not watch.on or watch.local.quiet:
            return func(*args, **kwargs)
        try:
            spec = self._specs[func]
        except KeyError:
            spec = self._specs[func] = _spec(func)
        except TypeError:  # cannot be hashed
            spec = _spec(func)
        if spec is None:
            return func(*args, **kwargs)
        return record(watch, spec, func, args, kwargs)


def record(watch: Watch, spec: Spec, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """Call a function and put what it did on the tape, if it did something."""
    tape = watch.recorder
    assert tape is not None
    given: list[Any] = []
    plain = bool(kwargs)
    for value in args:
        if isinstance(value, _Tensor):
            given.append(value)
        else:
            plain = True
            if isinstance(value, (tuple, list, dict)):
                flat(value, given)
    if kwargs:
        flat(kwargs, given)
    name, leaves = spec
    if given and (name[-1] == "_" or len(given) == 1) and _is_made_now(tape, name, given):
        return function(*args, **kwargs)
    known = tape.given(given)
    since, grad_mode, started = _sequence(), _grad_mode(), _now()
    result = function(*args, **kwargs)
    local = watch.local
    local.quiet += 1
    try:
        if leaves:
            if given and not is_own(sys._getframe(2).f_code.co_filename):
                outs = [result] if isinstance(result, _Tensor) else []
                tape.ran(name, known, outs, (), (), started, grad_mode, since)
            return result
        changed = False
        for tensor, _, version in known:
            if not tensor.is_inference() and tensor._version != version:
                changed = True
        if isinstance(result, _Tensor):
            if not given or (not changed and any(result is one for one in given)):
                return result  # made from nothing, or a function that had nothing to do
            outs = [result]
        else:
            outs = flat(result, []) if isinstance(result, (tuple, list, dict)) else []
            if not changed and (not given or not outs or all(any(out is one for one in given) for out in outs)):
                return result
        names, params = _plain_params(function, args, kwargs) if plain else ((), ())
        tape.ran(name, known, outs, names, params, started, grad_mode, since, changed)
    finally:
        local.quiet -= 1
    return result


def _is_made_now(tape: Any, name: str, given: list[Any]) -> bool:
    """Whether this gives a tensor that the tape has not met its first values: it has no name yet, and what it held is of no interest.

    Parameters by any change in place, and by whatever is done to one alone without grad (the row that an embedding sets to 0)."""
    first = given[0]
    if tape.nouns.known(first):
        return False
    if name[-1] == "_" and len(given) == 1 and is_leaf(first):
        return True
    owner = first._base if first._is_view() else first
    return isinstance(owner, torch.nn.Parameter) and not tape.nouns.known(owner) and not _grad_mode()


class _Paths:
    """The names of modules in the one that was called from outside."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._known: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()
        self._roots: weakref.WeakSet[Any] = weakref.WeakSet()

    def of(self, module: Any, root: Any) -> str:
        """The name of ``module`` in ``root``; "" for that itself."""
        if module is root:
            if root not in self._roots:
                self._look(root)
            return ""
        path = self._known.get(module)
        if path is None:
            self._look(root)
            path = self._known.setdefault(module, type(module).__name__)
        return path

    def _look(self, root: Any) -> None:
        self._roots.add(root)
        for path, module in root.named_modules():
            if path:
                self._known.setdefault(module, path)
        tape = self._watch.recorder
        if tape is not None:
            names = tape.nouns.names
            held = root.module if type(root).__name__ in WRAPPERS else root
            for name, tensor in (*held.named_parameters(), *held.named_buffers()):
                names.setdefault(id(tensor), (weakref.ref(tensor), name))


class Calls:
    """Replaces ``Module.__call__`` and ``Function.apply`` while something is recorded."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._paths = _Paths(watch)
        self._call: Any = None
        self._apply: Any = None

    def put(self) -> None:
        """Record calls from now on."""
        if self._call is not None:
            return
        watch, paths = self._watch, self._paths
        call = self._call = torch.nn.Module.__call__
        apply = self._apply = torch.autograd.Function.__dict__["apply"]

        def recorded_call(module: Any, *args: Any, **kwargs: Any) -> Any:
            tape = watch.recorder
            if tape is None or not watch.on or watch.local.quiet:
                return call(module, *args, **kwargs)
            modules = watch.local.modules
            modules.append(module)
            try:
                path, kind = paths.of(module, modules[0]), type(module).__name__
                number = tape.enter_call(path, kind)
                tape.entered(number, path, kind)
                try:
                    return call(module, *args, **kwargs)
                finally:
                    tape.leave_call(number)
            finally:
                modules.pop()

        def recorded_apply(cls: Any, *args: Any, **kwargs: Any) -> Any:
            if not watch.on or watch.local.quiet:
                return apply.__get__(None, cls)(*args, **kwargs)
            return record(watch, (cls.__name__, False), apply.__get__(None, cls), args, kwargs)

        torch.nn.Module.__call__ = recorded_call
        torch.autograd.Function.apply = classmethod(recorded_apply)

    def take_away(self) -> None:
        """Record no more calls."""
        if self._call is not None:
            torch.nn.Module.__call__ = self._call
            torch.autograd.Function.apply = self._apply
            self._call = self._apply = None
