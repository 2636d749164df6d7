"""What the script computes, at the level of PyTorch's own functions: a mode of ``__torch_function__``, ``Function.apply`` and the calls
of modules. What a function does inside (``cross_entropy`` calls others) is one op.
"""

from __future__ import annotations

import sys
import time
import weakref
from collections.abc import Callable
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from gradstep.engine.tape.stacks import is_library, is_own

from .naming import WRAPPERS
from .parameters import number_at
from .tensors import flat, is_leaf
from .unseen import WHOLES
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

_NOTHING: dict[str, Any] = {}

# Ops of two operands, of which one may be a number: 2; -2 where the tensor is the second.
_OPERANDS = frozenset(("add", "sub", "mul", "div", "pow", "floor_divide", "fmod", "remainder", "true_divide", "divide", "float_power"))
_SWAPPED = frozenset(("__radd__", "__rsub__", "__rmul__", "__rtruediv__", "__rdiv__", "__rpow__", "rsub"))

Spec = tuple[str, bool, int]  # an op's name, whether it takes numbers out, and how it takes two operands

_GRAD: Spec = ("grad", True, 0)  # asks for ``.grad``


def _spec(function: Any) -> Spec | None:
    """What a function is called on the tape; None where it does not belong there."""
    found = _named(function)
    if found is None or found is _GRAD:
        return _GRAD if found is _GRAD else None
    name, leaves = found[:2]
    asked = str(getattr(function, "__name__", ""))
    return name, leaves, -2 if asked in _SWAPPED else 2 if name.rstrip("_") in _OPERANDS else 0


def _named(function: Any) -> Spec | tuple[str, bool] | None:
    name = str(getattr(function, "__name__", "") or type(function).__name__)
    if name == "__get__":
        owner = getattr(getattr(function, "__self__", None), "__name__", "")
        if owner == "grad":
            return _GRAD
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


class Ops(TorchFunctionMode):  # type: ignore[misc]  # torch is Any where it is not installed
    """Records what it sees. It lies below every mode of the script's own."""

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watch = watch
        self._specs: dict[Any, Spec | None] = {}

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """One call of one of PyTorch's functions."""
        watch = self._watch
        local = watch.local
        if not watch.on or local.quiet:
            return func(*args, **kwargs) if kwargs else func(*args)
        try:
            spec = self._specs[func]
        except KeyError:
            spec = self._specs[func] = _spec(func)
        except TypeError:  # cannot be hashed
            spec = _spec(func)
        if spec is None:
            return func(*args, **kwargs) if kwargs else func(*args)
        if spec is _GRAD:
            return _asked(watch, args[0])
        return record(watch, local, spec, func, args, kwargs or _NOTHING)


def record(watch: Watch, local: Any, spec: Spec, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """Call a function and put what it did on the tape, if it did something. ``local`` is what ``watch`` knows of this thread."""
    tape = watch.recorder
    assert tape is not None
    given: list[Any] = []
    call = None
    for value in args:
        if isinstance(value, _Tensor):
            given.append(value)
        else:
            call = function, args, kwargs
            if isinstance(value, (tuple, list, dict)):
                flat(value, given)
    if kwargs:
        call = function, args, kwargs
        flat(kwargs, given)
    name, leaves, operands = spec
    known = tape.given(given)
    if known is None:
        if (name[-1] == "_" or len(given) == 1) and _is_made_now(tape, name, given):
            return function(*args, **kwargs)
        known = tape.introduced(given)
    kernels = None
    since, grad_mode, started = _sequence(), _grad_mode(), _now()
    if watch.kernels:
        around, local.kernels = local.kernels, []
        try:
            result = function(*args, **kwargs)
        finally:
            kernels, local.kernels = local.kernels, around
    else:
        result = function(*args, **kwargs) if kwargs else function(*args)
    local.quiet += 1
    try:
        if leaves:
            if given and not is_own(sys._getframe(2).f_code.co_filename):
                outs = [result] if isinstance(result, _Tensor) else []
                tape.ran(name, given, known, outs, None, started, grad_mode, since)
            return result
        changed = False
        if known:
            try:
                place = 1
                for tensor in given:
                    if tensor._version != known[place]:
                        changed = True
                    place += 2
            except RuntimeError:  # made in inference mode
                changed = _changed(given, known)
        if isinstance(result, _Tensor):
            if not given:
                return result  # made from nothing
            if not changed:
                for one in given:
                    if result is one:
                        return result  # a function that had nothing to do
            outs = [result]
        else:
            outs = flat(result, []) if isinstance(result, (tuple, list, dict)) else []
            if not changed and (not given or not outs or all(any(out is one for one in given) for out in outs)):
                return result
        if operands and call is not None:
            number = tape.ran(name, given, known, outs, (*call, operands), started, grad_mode, since, changed, number_at(args, operands))
        else:
            number = tape.ran(name, given, known, outs, call, started, grad_mode, since, changed)
        if kernels:
            tape.kernels(kernels, op=number)
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


def _asked(watch: Watch, tensor: Any) -> Any:
    """``.grad`` of a tensor. Somebody who asks for that of a tensor which is no leaf, and gets none, may look for it in vain; and of a
    parameter that no op took the tape would not know."""
    grad = tensor.grad
    if grad is None and tensor.requires_grad:
        file = sys._getframe(2).f_code.co_filename
        if not is_own(file) and not is_library(file):
            tape = watch.recorder
            assert tape is not None
            with watch.silence():
                if tensor.is_leaf:
                    tape.introduced((tensor,))
                else:
                    tape.asked_for_grad(tensor, tensor.retains_grad)
    return grad


def _changed(given: list[Any], known: list[int]) -> bool:
    """Whether one of these tensors, of which some may have no versions, is another than before."""
    return any(not tensor.is_inference() and tensor._version != known[2 * place + 1] for place, tensor in enumerate(given))


class _Paths:
    """The names of modules in the one that was called from outside."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._known: dict[int, tuple[weakref.ref[Any], str]] = {}  # by id()
        self._roots: weakref.WeakSet[Any] = weakref.WeakSet()
        self._purge_at = 1024

    def of(self, module: Any, root: Any) -> str:
        """The name of ``module`` in ``root``; "" for that itself."""
        if module is root:
            if root not in self._roots:
                self._look(root)
            return ""
        known = self._known.get(id(module))
        if known is None or known[0]() is not module:
            self._look(root)
            known = self._known.get(id(module))
            if known is None or known[0]() is not module:
                known = self._known[id(module)] = weakref.ref(module), type(module).__name__
        return known[1]

    def _look(self, root: Any) -> None:
        self._roots.add(root)
        if len(self._known) > self._purge_at:
            self._known = {key: known for key, known in self._known.items() if known[0]() is not None}
            self._purge_at = max(1024, 2 * len(self._known))
        for path, module in root.named_modules():
            known = self._known.get(id(module))
            if path and (known is None or known[0]() is not module):
                self._known[id(module)] = weakref.ref(module), path
        tape = self._watch.recorder
        if tape is not None:
            names = tape.nouns.names
            held = root.module if type(root).__name__ in WRAPPERS else root
            if type(root).__name__ in WHOLES:
                tape.cannot_see(type(root).__name__, WHOLES[type(root).__name__])
            for name, tensor in (*held.named_parameters(), *held.named_buffers()):
                known_name = names.get(id(tensor))
                if known_name is None or known_name[0]() is not tensor:
                    names[id(tensor)] = weakref.ref(tensor), name


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
            tape, local = watch.recorder, watch.local
            if tape is None or not watch.on or local.quiet:
                return call(module, *args, **kwargs)
            modules = local.modules
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
            local = watch.local
            if not watch.on or local.quiet:
                return apply.__get__(None, cls)(*args, **kwargs)
            result = record(watch, local, (cls.__name__, False, 0), apply.__get__(None, cls), args, kwargs)
            if watch.recorder is not None and watch.recorder.examine is not None:
                with watch.silence():
                    watch.recorder.applied(cls, args, kwargs)
            return result

        torch.nn.Module.__call__ = recorded_call
        torch.autograd.Function.apply = classmethod(recorded_apply)

    def take_away(self) -> None:
        """Record no more calls."""
        if self._call is not None:
            torch.nn.Module.__call__ = self._call
            torch.autograd.Function.apply = self._apply
            self._call = self._apply = None
