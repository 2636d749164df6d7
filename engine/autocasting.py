"""Autocast: in a region, matrix products and convolutions run in half precision, losses and other delicate functions in float32.

``RULES`` says which; everything else takes the types that come. A float32 leaf that requires a gradient is cast once in a
region, and all uses share the copy. Inside a function that was cast for, nothing more is cast, as in PyTorch.
"""

from __future__ import annotations

import functools
import threading
import warnings
from collections.abc import Callable
from enum import Enum
from typing import Any

from . import devices, dtypes
from .autograd.grad_mode import mode
from .tensor import Tensor


class Rule(Enum):
    """What autocast does with the floating-point arguments of a function."""

    LOWER = "the region's type"
    SINGLE = "float32"


_LOWER = (
    *("matmul", "__matmul__", "__rmatmul__", "mm", "bmm", "addmm", "addbmm", "baddbmm", "linear", "prelu", "vecdot"),
    *("conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "scaled_dot_product_attention"),
)
_SINGLE = (
    *("cross_entropy", "nll_loss", "mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "kl_div", "poisson_nll_loss", "ctc_loss"),
    *("binary_cross_entropy", "binary_cross_entropy_with_logits", "soft_margin_loss", "multi_margin_loss", "multilabel_margin_loss"),
    *("hinge_embedding_loss", "cosine_embedding_loss", "margin_ranking_loss", "triplet_margin_loss", "linear_cross_entropy"),
    *("avg_pool3d", "adaptive_avg_pool3d", "adaptive_max_pool3d", "fractional_max_pool2d", "fractional_max_pool3d"),
    *("max_unpool1d", "max_unpool2d", "max_unpool3d", "grid_sample", "reflection_pad", "replication_pad"),
    *("trace", "prod", "quantile", "nanquantile", "cdist", "polar", "view_as_complex", "stft"),
)
_SINGLE_FAMILIES = ("solutions", "factors", "eliminations", "reflections", "matrix_functions", "fourier")  # of ops
RULES = dict.fromkeys(_LOWER, Rule.LOWER) | dict.fromkeys(_SINGLE, Rule.SINGLE)
_SUPPORTED = (dtypes.bfloat16, dtypes.float16)


class _State(threading.local):
    """What is on in a thread. ``kinds``: the type for each kind of device; ``on``: the kinds that are cast for now."""

    def __init__(self) -> None:
        self.kinds: dict[str, dtypes.dtype] = {"cpu": dtypes.bfloat16, "cuda": dtypes.float16}
        self.on: set[str] = set()
        self.nesting = 0
        self.caches = True
        self.cache: dict[tuple[int, dtypes.dtype], tuple[Tensor, Tensor]] = {}

    def switch(self, kind: str, wanted: bool) -> None:
        """Cast, or no longer, for tensors on devices of that kind."""
        before = bool(self.on)
        (self.on.add if wanted else self.on.discard)(kind)
        mode.autocast = self if self.on else None
        mode.special += bool(self.on) - before

    def rule(self, op: Any) -> Rule | None:
        """What holds for a declared op."""
        return Rule.SINGLE if op.family in _SINGLE_FAMILIES else RULES.get(op.name)

    def cast(self, rule: Rule, value: Any) -> Any:
        """An argument as the function shall have it; lists of tensors too."""
        if isinstance(value, (list, tuple)):
            return type(value)(self.cast(rule, v) for v in value) if any(isinstance(v, Tensor) for v in value) else value
        if not isinstance(value, Tensor):
            return value
        kind, place = value.dtype, value.device.type
        if place not in self.on or not kind.is_floating_point or kind is dtypes.float64:
            return value
        target = dtypes.float32 if rule is Rule.SINGLE else self.kinds[place]
        if kind is target:
            return value
        if not (self.caches and rule is Rule.LOWER and kind is dtypes.float32 and _is_parameter(value)):
            return value.to(target)
        key = (id(value), target)
        if key not in self.cache:
            with _recording():
                self.cache[key] = (value, value.to(target))  # the value is kept, so that its id stays its own
        return self.cache[key][1]

    def call(self, rule: Rule, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The result of a function on arguments cast by its rule; nothing inside is cast again."""
        cast_args = [self.cast(rule, a) for a in args]
        cast_kwargs = {k: self.cast(rule, v) for k, v in kwargs.items()}
        mode.autocast = None
        try:
            return function(*cast_args, **cast_kwargs)
        finally:
            mode.autocast = self


def _is_parameter(value: Tensor) -> bool:
    return value.requires_grad and value.is_leaf and not value._is_view()


class _recording:
    """A copy that stays in the cache belongs to the graph, whatever mode it was made in."""

    def __enter__(self) -> None:
        self._found = mode.enabled
        mode.enabled = True

    def __exit__(self, *_: object) -> None:
        mode.enabled = self._found


_state = _State()


def ruled(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function that users find under that name: itself, or made to cast in regions where a rule says so."""
    rule = RULES.get(name)
    if rule is None or hasattr(function, "op"):  # declared ops look by themselves
        return function

    @functools.wraps(function)
    def casting(*args: Any, **kwargs: Any) -> Any:
        region = mode.autocast
        return function(*args, **kwargs) if region is None else region.call(rule, function, args, kwargs)

    return casting


class autocast:  # PyTorch spells it so
    """A region, or a function, in which ops choose their types: ``with torch.autocast("cpu", dtype=torch.bfloat16): ...``.

    ``dtype`` is bfloat16 on the CPU and float16 on a GPU where it is not given. Raises ValueError for a device type that is no
    string and RuntimeError for one that is unknown; warns, and does nothing, for other types and where there is no GPU.
    """

    def __init__(
        self, device_type: str, dtype: dtypes.dtype | None = None, enabled: bool = True, cache_enabled: bool | None = None
    ) -> None:
        if not isinstance(device_type, str):
            raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
        self.device = devices.device(device_type).type
        if self.device not in _state.kinds:
            raise RuntimeError(f"User specified an unsupported autocast device_type '{device_type}': gradstep computes on cpu and cuda")
        self.fast_dtype = _state.kinds[self.device] if dtype is None else dtype
        self._cache_enabled = _state.caches if cache_enabled is None else cache_enabled
        if enabled and self.device == "cuda" and not devices.has_cuda():
            warnings.warn("CUDA is not available or torch_xla is imported. Disabling autocast.", stacklevel=2)
            enabled = False
        elif enabled and self.fast_dtype not in _SUPPORTED:
            name = self.device.upper()
            warnings.warn(
                f"In {name} autocast, but the target dtype is not supported. Disabling autocast.\n"
                f"{name} Autocast only supports dtypes of torch.bfloat16, torch.float16 currently.",
                stacklevel=2,
            )
            enabled = False
        self._enabled = enabled
        self._found: list[tuple[bool, dtypes.dtype | None, bool]] = []

    def __enter__(self) -> autocast:
        self._found.append((self.device in _state.on, _state.kinds[self.device], _state.caches))
        _state.kinds[self.device] = self.fast_dtype
        _state.switch(self.device, self._enabled)
        _state.nesting += 1
        _state.caches = self._cache_enabled
        return self

    def __exit__(self, *_: object) -> None:
        _state.nesting -= 1
        if _state.nesting == 0:
            _state.cache.clear()
        on, kind, _state.caches = self._found.pop()
        assert kind is not None
        _state.kinds[self.device] = kind
        _state.switch(self.device, on)

    def __call__(self, function: Any) -> Any:
        if not callable(function):
            raise TypeError(
                f"autocast()(func) requires a callable, but got {type(function).__name__}. Did you mean to use autocast as a context "
                "manager? For example:\n    with torch.autocast(device_type=...):\n        output = model(input)"
            )

        @functools.wraps(function)
        def inside(*args: Any, **kwargs: Any) -> Any:
            with self:
                return function(*args, **kwargs)

        return inside


# ------------------------------------------------------------------------------------------- the state, as torch shows it


def is_autocast_enabled(device_type: str | None = None) -> bool:
    """Whether there is a region now for devices of that type; without one for GPUs, as ever."""
    return (device_type or "cuda") in _state.on


def set_autocast_enabled(*args: Any) -> None:
    """``set_autocast_enabled(device_type, enabled)``, or ``(enabled)`` for GPUs: cast from now on, or no longer."""
    kind, wanted = args if len(args) == 2 else ("cuda", *args)
    _state.switch(kind, bool(wanted))


def get_autocast_dtype(device_type: str) -> dtypes.dtype:
    """The type that products run in, in regions of that device type."""
    kind = devices.device(device_type).type
    if kind not in _state.kinds:
        raise RuntimeError(f"unsupported scalarType: gradstep has no autocast for {device_type}")
    return _state.kinds[kind]


def set_autocast_dtype(device_type: str, dtype: dtypes.dtype) -> None:
    """Choose the type that products run in."""
    _state.kinds[devices.device(device_type).type] = dtype


def is_autocast_cache_enabled() -> bool:
    """Whether casts of parameters are shared in a region."""
    return _state.caches


def set_autocast_cache_enabled(enabled: bool) -> None:
    """Choose whether casts of parameters are shared in a region."""
    _state.caches = enabled


def clear_autocast_cache() -> None:
    """Forget the casts of parameters."""
    _state.cache.clear()


def autocast_increment_nesting() -> int:
    """Count a region as entered; gives how many are."""
    _state.nesting += 1
    return _state.nesting


def autocast_decrement_nesting() -> int:
    """Count a region as left; gives how many are not."""
    _state.nesting -= 1
    return _state.nesting


def is_autocast_available(device_type: str) -> bool:
    """Whether there can be regions for devices of that type."""
    return devices.device(device_type).type in _state.kinds


def is_autocast_cpu_enabled() -> bool:
    """The older name of ``is_autocast_enabled("cpu")``."""
    return "cpu" in _state.on


def get_autocast_cpu_dtype() -> dtypes.dtype:
    """The older name of ``get_autocast_dtype("cpu")``."""
    return _state.kinds["cpu"]


def get_autocast_gpu_dtype() -> dtypes.dtype:
    """The older name of ``get_autocast_dtype("cuda")``."""
    return _state.kinds["cuda"]


def set_autocast_cpu_enabled(enabled: bool) -> None:
    """The older name of ``set_autocast_enabled("cpu", enabled)``."""
    _state.switch("cpu", enabled)


def set_autocast_cpu_dtype(dtype: dtypes.dtype) -> None:
    """The older name of ``set_autocast_dtype("cpu", dtype)``."""
    _state.kinds["cpu"] = dtype


def set_autocast_gpu_dtype(dtype: dtypes.dtype) -> None:
    """The older name of ``set_autocast_dtype("cuda", dtype)``."""
    _state.kinds["cuda"] = dtype


TORCH = {
    "autocast": autocast,
    "autocast_decrement_nesting": autocast_decrement_nesting,
    "autocast_increment_nesting": autocast_increment_nesting,
    "clear_autocast_cache": clear_autocast_cache,
    "get_autocast_cpu_dtype": get_autocast_cpu_dtype,
    "get_autocast_dtype": get_autocast_dtype,
    "get_autocast_gpu_dtype": get_autocast_gpu_dtype,
    "is_autocast_cache_enabled": is_autocast_cache_enabled,
    "is_autocast_cpu_enabled": is_autocast_cpu_enabled,
    "is_autocast_enabled": is_autocast_enabled,
    "set_autocast_cache_enabled": set_autocast_cache_enabled,
    "set_autocast_cpu_dtype": set_autocast_cpu_dtype,
    "set_autocast_cpu_enabled": set_autocast_cpu_enabled,
    "set_autocast_dtype": set_autocast_dtype,
    "set_autocast_enabled": set_autocast_enabled,
    "set_autocast_gpu_dtype": set_autocast_gpu_dtype,
}
