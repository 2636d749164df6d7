"""Distribution: what all distributions share, and what is computed of their parameters when it is first asked for."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, ClassVar

from .. import creation, dtypes
from ..autograd.grad_mode import enable_grad, no_grad
from ..ops.shape import broadcast_tensors
from ..tensor import Size, Tensor
from .constraints import Constraint, is_dependent

NUMBERS = (int, float, complex, bool)


class lazy_property:  # a decorator, spelled like ``property``
    """An attribute that is computed, with its graph, when it is first asked for, and then stays."""

    def __init__(self, compute: Callable[[Any], Any]) -> None:
        self._compute = compute
        self.__doc__ = compute.__doc__

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self
        with enable_grad():
            value = self._compute(instance)
        setattr(instance, self._compute.__name__, value)
        return value


def broadcast_all(*values: Any) -> tuple[Any, ...]:
    """The values as tensors of one shape; numbers become tensors of the first tensor's type, or of the default type.

    Raises ValueError for values that are neither numbers nor tensors.
    """
    if not all(isinstance(v, (Tensor, *NUMBERS)) for v in values):
        raise ValueError("Input arguments must all be instances of Number, torch.Tensor or objects implementing __torch_function__.")
    if not all(isinstance(v, Tensor) for v in values):
        like = next((v for v in values if isinstance(v, Tensor)), None)
        kind, place = (dtypes.get_default_dtype(), None) if like is None else (like.dtype, like.device)
        values = tuple(v if isinstance(v, Tensor) else creation.tensor(v, dtype=kind, device=place) for v in values)
    return tuple(broadcast_tensors(*values))


def batch_of(*given: Any, like: Any) -> Size:
    """The batch shape of a distribution with these parameters: none where all are numbers."""
    return Size() if all(isinstance(v, NUMBERS) for v in given) else like.size()


def sum_rightmost(value: Any, dims: int) -> Any:
    """The sums over the last ``dims`` dimensions."""
    if dims == 0:
        return value
    shape = value.shape[:-dims]
    return value.reshape((*shape, -1)).sum(-1)


class Distribution:
    """Base of distributions. ``batch_shape`` numbers independent ones, ``event_shape`` is the shape of one sample of one of them.

    Subclasses give ``arg_constraints`` and ``support``, which are checked unless ``validate_args`` is False. Raises ValueError for
    parameters that do not satisfy their constraints.
    """

    has_rsample = False
    has_enumerate_support = False
    _validate_args = __debug__
    arg_constraints: Any
    support: Any
    parameters: ClassVar[tuple[str, ...]] = ()  # the tensors that ``expand`` expands

    @staticmethod
    def set_default_validate_args(value: bool) -> None:
        """Check parameters and samples from now on, or do not."""
        if value not in (True, False):
            raise ValueError
        Distribution._validate_args = value

    def __init__(self, batch_shape: Any = (), event_shape: Any = (), validate_args: bool | None = None) -> None:
        self._batch_shape, self._event_shape = Size(batch_shape), Size(event_shape)
        if validate_args is not None:
            self._validate_args = validate_args
        if not self._validate_args:
            return
        for name, constraint in self.arg_constraints.items():
            if is_dependent(constraint) or (name not in self.__dict__ and isinstance(getattr(type(self), name, None), lazy_property)):
                continue
            value = getattr(self, name)
            if not bool(constraint.check(value).all()):
                raise ValueError(
                    f"Expected parameter {name} ({type(value).__name__} of shape {tuple(value.shape)}) of distribution {self!r} to satisfy "
                    f"the constraint {constraint!r}, but found invalid values:\n{value}"
                )

    @property
    def batch_shape(self) -> Size:
        """The shape over which parameters are batched."""
        return self._batch_shape

    @property
    def event_shape(self) -> Size:
        """The shape of one sample, without batching."""
        return self._event_shape

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """The distribution with its parameters expanded to another batch shape."""
        batch = Size(batch_shape)
        made = type(self).__new__(type(self)) if _instance is None else _instance
        made.__dict__.update({k: v for k, v in self.__dict__.items() if k not in self.parameters})
        for name in self.parameters:
            if name in self.__dict__:
                value = self.__dict__[name]
                setattr(made, name, value.expand((*batch, *value.shape[len(self._batch_shape) :])))
        made._batch_shape = batch
        return made

    @property
    def mean(self) -> Any:
        """The mean of each distribution."""
        raise NotImplementedError

    @property
    def mode(self) -> Any:
        """The most probable value of each distribution."""
        raise NotImplementedError(f"{type(self)} does not implement mode")

    @property
    def variance(self) -> Any:
        """The variance of each distribution."""
        raise NotImplementedError

    @property
    def stddev(self) -> Any:
        """The standard deviation of each distribution."""
        return self.variance.sqrt()

    def sample(self, sample_shape: Any = ()) -> Any:
        """Samples of shape sample_shape + batch_shape + event_shape, without a graph."""
        with no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: Any = ()) -> Any:
        """Samples through which gradients reach the parameters."""
        raise NotImplementedError

    def sample_n(self, n: int) -> Any:
        """``n`` samples; the old spelling of ``sample((n,))``."""
        warnings.warn("`sample_n(n)` will be deprecated. Use `sample((n,))` instead.", FutureWarning, stacklevel=2)
        return self.sample((n,))

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density, or of the probability, at ``value``."""
        raise NotImplementedError

    def cdf(self, value: Any) -> Any:
        """The probability of a sample up to ``value``."""
        raise NotImplementedError

    def icdf(self, value: Any) -> Any:
        """The inverse of ``cdf``."""
        raise NotImplementedError

    def enumerate_support(self, expand: bool = True) -> Any:
        """All values of a discrete distribution, along a new first dimension."""
        raise NotImplementedError

    def entropy(self) -> Any:
        """The entropy of each distribution, in nats."""
        raise NotImplementedError

    def perplexity(self) -> Any:
        """The exponential of the entropy."""
        return self.entropy().exp()

    def _extended_shape(self, sample_shape: Any = ()) -> Size:
        return Size((*sample_shape, *self._batch_shape, *self._event_shape))

    def _validate_sample(self, value: Any) -> None:
        """Raise ValueError, where samples are to be checked, for one of another shape or outside of the support."""
        if not self._validate_args:
            return
        if not isinstance(value, Tensor):
            raise ValueError("The value argument to log_prob must be a Tensor")
        shape = value.size()
        begin = len(shape) - len(self._event_shape)
        if tuple(shape[begin:]) != tuple(self._event_shape):
            raise ValueError(f"The right-most size of value must match event_shape: {shape} vs {self._event_shape}.")
        expected = Size((*self._batch_shape, *self._event_shape))
        if any(1 not in (i, j) and i != j for i, j in zip(reversed(shape), reversed(expected), strict=False)):
            raise ValueError(f"Value is not broadcastable with batch_shape+event_shape: {shape} vs {expected}.")
        support: Constraint = self.support
        if not bool(support.check(value).all()):
            raise ValueError(
                f"Expected value argument ({type(value).__name__} of shape {tuple(shape)}) to be within the support ({support!r}) of the "
                f"distribution {self!r}, but found invalid values:\n{value}"
            )

    def __repr__(self) -> str:
        there = {name: self.__dict__[name] for name in self.arg_constraints if name in self.__dict__}
        shown = ", ".join(f"{name}: {value if value.numel() == 1 else value.size()}" for name, value in there.items())
        return f"{type(self).__name__}({shown})"
