"""``out=``: the result of a function of ``torch`` written into tensors that the caller gives.

``accepting`` makes of a function one that takes the argument; calls without it go on as before. The result is computed as always
and then written: into the memory of ``out`` where the shapes are equal, else ``out`` gets the result's size, with a warning if it
was not empty. Which functions take the argument, and which of them cast, is in ``CASTING`` and ``OF_ITS_TYPE``.
"""

from __future__ import annotations

import inspect
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from types import CodeType
from typing import Any

from . import quick
from .autograd.grad_mode import mode
from .devices import write
from .dtypes import C_NAMES, dtype
from .op import call
from .tensor import Tensor

# the result may be of any type that converts to out's without losing its category
_CASTING = """
acos acosh add addcdiv addcmul addr angle arccos arccosh arcsin arcsinh arctan arctan2 arctanh asin asinh atan atan2 atanh bernoulli
bitwise_and bitwise_left_shift bitwise_or bitwise_right_shift bitwise_xor cat cholesky clamp clamp_max clamp_min clip column_stack
concat concatenate copysign cos cosh deg2rad digamma div divide dstack eq erf erfc erfinv exp exp2 expm1 floor_divide fmax fmin fmod gcd
ge ger greater greater_equal gt hstack hypot i0 igamma igammac inverse kron lcm ldexp le lerp less less_equal lgamma log log10 log1p
log2 logaddexp logaddexp2 logical_and logical_not logical_or logical_xor logit logsumexp lt max maximum min minimum mul multiply
mvlgamma ne nextafter not_equal outer polygamma pow rad2deg reciprocal remainder row_stack rsqrt sigmoid sin sinc sinh sqrt square stack
std sub subtract tan tanh true_divide var vstack xlogy
"""
CASTING = frozenset(_CASTING.split())
# the result takes out's type from the beginning
COMPUTING = frozenset(["cumprod", "cumsum", "mean", "nanmean", "nansum", "prod", "sum"])
MAKING = frozenset(
    ["arange", "empty", "eye", "full", "linspace", "logspace", "normal", "ones", "rand", "randint", "randn", "randperm", "range", "zeros"]
)
# out has to have the result's type
_OF_ITS_TYPE = """
abs absolute addbmm addmm addmv alias_copy all amax amin aminmax any argmax argmin as_strided_copy baddbmm bitwise_not bmm bucketize
ceil complex conj_physical cross cummax cummin diag diagonal_copy diff dot expand_copy fix float_power floor frac frexp gather
hash_tensor heaviside histc histogram index_add index_copy index_reduce index_select inner isin isneginf isposinf kthvalue log_softmax
logcumsumexp masked_select matmul matrix_power median mm mode msort multinomial mv nan_to_num nanmedian nanquantile narrow_copy neg
negative nonzero norm permute_copy polar quantile renorm round scatter scatter_add scatter_reduce searchsorted sgn sign signbit
slice_scatter softmax sort split_copy split_with_sizes_copy squeeze_copy t_copy take take_along_dim tensordot topk transpose_copy tril
triu trunc unbind_copy unfold_copy unsqueeze_copy vdot view_copy where
"""
OF_ITS_TYPE = frozenset(_OF_ITS_TYPE.split())
NAMES = CASTING | COMPUTING | MAKING | OF_ITS_TYPE
# what reads elements after others were written: out must not share any memory with the inputs
_APART = frozenset(["cat", "concat", "concatenate", "gather", "index_select", "kthvalue", "masked_select", "take"])
_EXACT = "abs absolute bitwise_not ceil conj_physical fix floor frac neg negative round sgn sign trunc"
# PyTorch's words where an out of another type is refused; {want} is the result's type, {have} out's
_WORDS = {
    **dict.fromkeys(
        ("amax", "amin"), "Expected the dtype for input and out to match, but got {want} for input's dtype and {have} for out's dtype."
    ),
    **dict.fromkeys(_EXACT.split(), "Found dtype {have} but expected {want}"),
    **dict.fromkeys(("isneginf", "isposinf", "signbit"), "{name} does not support non-boolean outputs."),
    "nan_to_num": "nan_to_num: dtype of out: {have} should be same as input: {want}",
    **dict.fromkeys(("all", "any"), "{name} only supports bool tensor for result, got: {have}"),
    **dict.fromkeys(("dot", "matmul", "vdot"), "result dtype {have} does not match input dtype {want}"),
    **dict.fromkeys(("index_select", "masked_select"), "{name}(): self and result must have the same scalar type"),
    **dict.fromkeys(("complex", "polar"), "Expected object of scalar type {want} but got scalar type {have} for argument 'out'"),
    **dict.fromkeys(("quantile", "nanquantile"), "{name}() out tensor must be same dtype as the input tensor"),
    "hash_tensor": "Expected result to be of dtype uint64, but got {have}",
    "multinomial": "multinomial expects Long tensor out, got: {have}",
    "nonzero": "nonzero: Expected out tensor to have scalar type {want} but got scalar type{have}",
    "take": "take(): self and out expected to have the same dtype, but got self.dtype = {want} and out.dtype = {have}",
    "tensordot": "tensordot: Expected the output tensor to have dtype {want}, but got an output tensor with dtype {have}",
    "where": "Expected out type to be {want} but got {have}",
}


def accepting(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function that users find as ``torch.<name>``: with ``out=`` where PyTorch's has it."""
    if name not in NAMES:
        return function

    def write(out: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return into(out, name, function, args, kwargs)

    declared = getattr(function, "op", None)
    if declared is not None and declared.function is function:
        made: Callable[..., Any] = quick.function(declared, function.__name__, call, into=write)
        return made
    return _wrapped(function, write)


def _wrapped(function: Any, write: Callable[..., Any]) -> Callable[..., Any]:
    """A composite function with ``out`` as one more parameter, written out as text when it is first called."""
    scope: dict[str, Any] = {"_plain": function, "_write": write}
    made: Callable[..., Any] = quick.later(function.__name__, scope, lambda: _written(function, scope))
    made.__dict__.update(function.__dict__)
    made.__qualname__, made.__doc__, made.__module__ = function.__qualname__, function.__doc__, function.__module__
    return made


def _written(function: Any, scope: dict[str, Any]) -> tuple[CodeType, Any, Any]:
    """Code, defaults and keyword defaults of the composite ``function`` with ``out``, run in ``scope``."""
    heads: list[str] = []
    given: list[str] = []
    for p in inspect.signature(function).parameters.values():
        if p.name == "out":
            continue
        stars = "*" if p.kind is p.VAR_POSITIONAL else "**" if p.kind is p.VAR_KEYWORD else ""
        if p.kind is p.KEYWORD_ONLY and not any(h.startswith("*") for h in heads):
            heads.append("*")
        if p.default is not p.empty:
            scope[f"_default_{p.name}"] = p.default
        heads.append(stars + p.name + (f"=_default_{p.name}" if p.default is not p.empty else ""))
        given.append(f"{p.name}={p.name}" if p.kind is p.KEYWORD_ONLY else stars + p.name)
    last = [heads.pop()] if heads and heads[-1].startswith("**") else []
    heads += [*([] if any(h.startswith("*") for h in heads) else ["*"]), "out=None", *last]
    args = "".join(f"{g}, " for g in given if not g.startswith("**") and "=" not in g)
    kwargs = ", ".join(g for g in given if g.startswith("**") or "=" in g)
    name = function.__name__ if function.__name__.isidentifier() else "composite"
    text = f"def {name}({', '.join(heads)}):\n    if out is not None:\n        return _write(out, ({args}), dict({kwargs}))\n"
    text += f"    return _plain({', '.join(given)})\n"
    exec(compile(text, f"{__file__} ({name})", "exec"), scope)  # counts as a file of the engine: not the user's frame
    made = scope[name]
    return made.__code__, made.__defaults__, made.__kwdefaults__


# ------------------------------------------------------------------------------------------------------------ writing


def into(out: Any, name: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Write ``function(*args, **kwargs)`` into ``out``, a tensor or one for each result; gives ``out``.

    Raises TypeError for what is no tensor, and RuntimeError where one of the tensors requires a gradient, where ``out`` is of a
    type that the result does not convert to, and where it shares memory that is still to be read.
    """
    outs = tuple(out) if isinstance(out, (tuple, list)) else (out,)
    for one in outs:
        if not isinstance(one, Tensor):
            raise TypeError(f"{name}(): argument 'out' must be Tensor, not {type(one).__name__}")
    inputs = [t for value in (*args, *kwargs.values()) for t in _tensors(value)]
    if mode.enabled and any(t.requires_grad for t in (*outs, *inputs)):
        raise RuntimeError(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, but one of the arguments requires grad."
        )
    if name in MAKING or name in COMPUTING:
        kwargs = _of_type(kwargs, outs[0], name in MAKING)
    for one in outs:
        _check_memory(one, inputs, name in _APART)
    result = function(*args, **kwargs)
    several = isinstance(result, (tuple, list))
    for one, made in zip(outs, result if several else (result,), strict=True):
        _write(one, made, name)
    if not several:
        return out
    return type(result)(outs)


def _tensors(value: Any) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    return [t for v in value for t in _tensors(v)] if isinstance(value, (tuple, list)) else []


def _of_type(kwargs: dict[str, Any], out: Tensor, makes: bool) -> dict[str, Any]:
    """The arguments with the type of ``out`` for the result."""
    kind = kwargs.get("dtype")
    if makes and kind is not None and kind is not out.dtype:
        raise RuntimeError(f"dtype {kind.legacy} does not match dtype of out parameter ({out.dtype.legacy})")
    return {**kwargs, "dtype": out.dtype, **({"device": out.device} if makes else {})}


def _check_memory(out: Tensor, inputs: list[Tensor], apart: bool) -> None:
    array, xp = out._data, out._xp
    if array.size and any(n > 1 and s == 0 for n, s in zip(array.shape, array.strides, strict=True)):
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a single memory location. Please clone() "
            "the tensor before performing the operation."
        )
    for t in inputs:
        other = t._data
        if type(other) is not type(array) or (not apart and _is_same(other, array, xp)):
            continue
        if xp.may_share_memory(array, other) and (apart or other.size):
            raise RuntimeError(
                "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single memory location. "
                "Please clone() the tensor before performing the operation."
            )


def _is_same(a: Any, b: Any, xp: Any) -> bool:
    return bool(xp.address(a) == xp.address(b) and a.shape == b.shape and a.strides == b.strides)


def _write(out: Tensor, made: Tensor, name: str) -> None:
    want, have = made.dtype, out.dtype
    if want is not have:
        if name not in CASTING:
            raise RuntimeError(_refusal(name, want, have))
        if want.category > have.category:
            raise RuntimeError(f"result type {want.legacy} can't be cast to the desired output type {have.legacy}")
    if made.device != out.device:
        raise RuntimeError(
            f"Expected all tensors to be on the same device, but found at least two devices, {made.device} and {out.device}!"
        )
    if out._data.shape == made._data.shape:
        write(out._data, made._data)
    else:
        if out._data.size:
            warnings.warn(
                "An output with one or more elements was resized since it had shape "
                f"{list(out.shape)}, which does not match the required output shape {list(made.shape)}. This behavior is deprecated, and "
                "in a future PyTorch release outputs will not be resized unless they have zero elements. You can explicitly reuse an out "
                "tensor t by resizing it, inplace, to zero elements with t.resize_(0).",
                UserWarning,
                stacklevel=_level(),
            )
        out._data = made._data.astype(have.numpy)
    out._bump()


_HERE = str(Path(__file__).parent)


def _level() -> int:
    """The level, as ``warnings.warn`` counts from its caller, of the user's frame: the first outside of the engine."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_HERE):
        level, frame = level + 1, frame.f_back
    return level


def _refusal(name: str, want: dtype, have: dtype) -> str:
    words = _WORDS.get(name)
    if words is not None:
        return words.format(name=name, want=want.legacy, have=have.legacy)
    return f"Expected out tensor to have dtype {C_NAMES[want.name]}, but got {C_NAMES[have.name]} instead"
