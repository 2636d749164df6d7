"""Functions that turn one distribution into another, with their inverses and the logarithms of their slopes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import reduce
from typing import Any

from ..dtypes import finfo
from ..ops.activation import softplus
from ..ops.dims import broadcast_shape
from ..tensor import Size, Tensor
from . import constraints
from .base import sum_rightmost


class Transform:
    """An invertible function of tensors. ``cache_size=1`` keeps the last pair, so that ``inv`` gives the very input back.

    Subclasses write ``_call``, ``_inverse`` and ``log_abs_det_jacobian`` and say ``domain`` and ``codomain``.
    """

    bijective = True
    domain: Any = constraints.real
    codomain: Any = constraints.real
    sign = 1

    def __init__(self, cache_size: int = 0) -> None:
        if cache_size not in (0, 1):
            raise ValueError("cache_size must be 0 or 1")
        self._cache_size = cache_size
        self._pair: tuple[Any, Any] = (None, None)
        self._inverted: Transform | None = None

    @property
    def inv(self) -> Transform:
        """The inverse, as a transform."""
        if self._inverted is None:
            self._inverted = _Inverse(self)
        return self._inverted

    def __call__(self, x: Any) -> Any:
        if self._cache_size and x is self._pair[0]:
            return self._pair[1]
        y = self._call(x)
        self._pair = (x, y) if self._cache_size else (None, None)
        return y

    def _undone(self, y: Any) -> Any:
        if self._cache_size and y is self._pair[1]:
            return self._pair[0]
        x = self._inverse(y)
        self._pair = (x, y) if self._cache_size else (None, None)
        return x

    def _call(self, x: Any) -> Any:
        raise NotImplementedError

    def _inverse(self, y: Any) -> Any:
        raise NotImplementedError

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        """The logarithm of the absolute slope (or determinant of the Jacobian) at ``x``, where the transform gives ``y``."""
        raise NotImplementedError

    def forward_shape(self, shape: Any) -> Any:
        """The shape of what becomes of a tensor of that shape."""
        return shape

    def inverse_shape(self, shape: Any) -> Any:
        """The shape of what a tensor of that shape comes from."""
        return shape

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return type(self).__name__ + "()"


class _Inverse(Transform):
    """A transform the other way round."""

    def __init__(self, transform: Transform) -> None:
        super().__init__()
        self._inverted = transform
        self.domain, self.codomain, self.sign = transform.codomain, transform.domain, transform.sign

    def __call__(self, x: Any) -> Any:
        assert self._inverted is not None
        return self._inverted._undone(x)

    def _undone(self, y: Any) -> Any:
        assert self._inverted is not None
        return self._inverted(y)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        assert self._inverted is not None
        return -self._inverted.log_abs_det_jacobian(y, x)

    def forward_shape(self, shape: Any) -> Any:
        assert self._inverted is not None
        return self._inverted.inverse_shape(shape)

    def inverse_shape(self, shape: Any) -> Any:
        assert self._inverted is not None
        return self._inverted.forward_shape(shape)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Inverse) and self._inverted == other._inverted

    __hash__ = Transform.__hash__

    def __repr__(self) -> str:
        return f"_InverseTransform({self._inverted!r})"


class ComposeTransform(Transform):
    """Several transforms, one after the other."""

    def __init__(self, parts: Sequence[Transform], cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.parts = list(parts)
        self.domain = parts[0].domain if parts else constraints.real
        self.codomain = parts[-1].codomain if parts else constraints.real
        self.sign = math.prod(p.sign for p in parts)

    def _call(self, x: Any) -> Any:
        return reduce(lambda value, part: part(value), self.parts, x)

    def _inverse(self, y: Any) -> Any:
        return reduce(lambda value, part: part._undone(value), reversed(self.parts), y)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        dims = max((p.domain.event_dim for p in self.parts), default=0)
        total: Any = x * 0
        for part in self.parts:
            after = part(x)
            total = total + sum_rightmost(part.log_abs_det_jacobian(x, after), dims - part.domain.event_dim)
            x = after
        return total

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ComposeTransform) and self.parts == other.parts

    __hash__ = Transform.__hash__

    def __repr__(self) -> str:
        return "ComposeTransform(\n    " + ",\n    ".join(map(repr, self.parts)) + "\n)"


class ExpTransform(Transform):
    """e to the power of x."""

    codomain = constraints.positive

    def _call(self, x: Any) -> Any:
        return x.exp()

    def _inverse(self, y: Any) -> Any:
        return y.log()

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        return x

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ExpTransform)

    __hash__ = Transform.__hash__


class AffineTransform(Transform):
    """``loc + scale * x``."""

    def __init__(self, loc: Any, scale: Any, event_dim: int = 0, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.loc, self.scale = loc, scale
        if event_dim:
            self.domain = self.codomain = constraints.independent(constraints.real, event_dim)
        self.event_dim = event_dim

    @property
    def sign(self) -> Any:  # type: ignore[override]
        """1 where the transform keeps order, -1 where it reverses it."""
        if isinstance(self.scale, Tensor):
            return self.scale.sign()
        return (self.scale > 0) - (self.scale < 0)

    def _call(self, x: Any) -> Any:
        return self.loc + self.scale * x

    def _inverse(self, y: Any) -> Any:
        return (y - self.loc) / self.scale

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        known = isinstance(self.scale, Tensor)
        slope = (self.scale.abs().log() if known else x.new_full(x.shape, math.log(abs(self.scale)))).expand(x.shape)
        return sum_rightmost(slope, self.event_dim)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AffineTransform):
            return False
        pairs = ((self.loc, other.loc), (self.scale, other.scale))
        return all(a is b or bool((a == b).all() if isinstance(a == b, Tensor) else a == b) for a, b in pairs)

    __hash__ = Transform.__hash__


class SigmoidTransform(Transform):
    """``1 / (1 + exp(-x))``."""

    codomain = constraints.unit_interval

    def _call(self, x: Any) -> Any:
        return _kept_inside(x.sigmoid())

    def _inverse(self, y: Any) -> Any:
        y = _kept_inside(y)
        return y.log() - (-y).log1p()

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        return -softplus(-x) - softplus(x)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SigmoidTransform)

    __hash__ = Transform.__hash__


class TanhTransform(Transform):
    """The hyperbolic tangent; use ``cache_size=1`` where samples come near its ends."""

    codomain = constraints.interval(-1.0, 1.0)

    def _call(self, x: Any) -> Any:
        return x.tanh()

    def _inverse(self, y: Any) -> Any:
        return y.atanh()

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        return 2.0 * (math.log(2.0) - x - softplus(-2.0 * x))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TanhTransform)

    __hash__ = Transform.__hash__


class PowerTransform(Transform):
    """``x ** exponent`` of positive numbers."""

    domain = constraints.positive
    codomain = constraints.positive

    def __init__(self, exponent: Any, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.exponent = exponent

    def _call(self, x: Any) -> Any:
        return x.pow(self.exponent)

    def _inverse(self, y: Any) -> Any:
        return y.pow(1 / self.exponent)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        return (self.exponent * y / x).abs().log()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PowerTransform) and bool(self.exponent == other.exponent)

    __hash__ = Transform.__hash__


class AbsTransform(Transform):
    """The absolute value; its inverse gives the positive number."""

    bijective = False
    codomain = constraints.positive

    def _call(self, x: Any) -> Any:
        return x.abs()

    def _inverse(self, y: Any) -> Any:
        return y

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AbsTransform)

    __hash__ = Transform.__hash__


def _kept_inside(y: Any) -> Any:
    """Numbers between 0 and 1, but neither."""
    info = finfo(y.dtype)
    return y.clamp(min=info.tiny, max=1.0 - info.eps)


def shape_through(transforms: Sequence[Transform], shape: Any) -> Any:
    """What becomes of a shape in all transforms; AffineTransform broadcasts."""
    for transform in transforms:
        shape = transform.forward_shape(shape)
        if isinstance(transform, AffineTransform):
            for value in (transform.loc, transform.scale):
                shape = broadcast_shape(tuple(shape), tuple(getattr(value, "shape", ())))
    return Size(shape)
