"""What values of parameters and samples must satisfy, and how that is said: ``torch.distributions.constraints``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..ops.factors import eigvalsh


class Constraint:
    """A set of values. ``check`` gives a tensor of booleans, one an event of ``event_dim`` dimensions."""

    is_discrete = False
    event_dim = 0

    def check(self, value: Any) -> Any:
        """Which events satisfy the constraint."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return type(self).__name__.removeprefix("_") + "()"


class _Real(Constraint):
    def check(self, value: Any) -> Any:
        return value == value  # all but NaN


class _Boolean(Constraint):
    is_discrete = True

    def check(self, value: Any) -> Any:
        return (value == 0) | (value == 1)


class _OneHot(Constraint):
    is_discrete = True
    event_dim = 1

    def check(self, value: Any) -> Any:
        return ((value == 0) | (value == 1)).all(-1) & (value.sum(-1) == 1)


class _Simplex(Constraint):
    event_dim = 1

    def check(self, value: Any) -> Any:
        return (value >= 0).all(dim=-1) & ((value.sum(-1) - 1).abs() < 1e-6)


class _Bounded(Constraint):
    """A range, whose ends stand in ``bounds`` under the names that are shown."""

    def __init__(self, inside: Callable[[Any], Any], discrete: bool = False, **bounds: Any) -> None:
        self._inside, self.is_discrete, self._bounds = inside, discrete, bounds
        self.__dict__.update(bounds)

    def check(self, value: Any) -> Any:
        return self._inside(value)

    def __repr__(self) -> str:
        return f"{type(self).__name__.removeprefix('_')}({', '.join(f'{name}={value}' for name, value in self._bounds.items())})"


class _GreaterThan(_Bounded):
    def __init__(self, lower_bound: Any) -> None:
        super().__init__(lambda value: lower_bound < value, lower_bound=lower_bound)


class _GreaterThanEq(_Bounded):
    def __init__(self, lower_bound: Any) -> None:
        super().__init__(lambda value: lower_bound <= value, lower_bound=lower_bound)


class _LessThan(_Bounded):
    def __init__(self, upper_bound: Any) -> None:
        super().__init__(lambda value: value < upper_bound, upper_bound=upper_bound)


class _Interval(_Bounded):
    def __init__(self, lower_bound: Any, upper_bound: Any) -> None:
        super().__init__(lambda v: (lower_bound <= v) & (v <= upper_bound), lower_bound=lower_bound, upper_bound=upper_bound)


class _IntegerInterval(_Bounded):
    def __init__(self, lower_bound: Any, upper_bound: Any) -> None:
        super().__init__(
            lambda v: (v % 1 == 0) & (lower_bound <= v) & (v <= upper_bound), True, lower_bound=lower_bound, upper_bound=upper_bound
        )


class _IntegerGreaterThan(_Bounded):
    def __init__(self, lower_bound: Any) -> None:
        super().__init__(lambda v: (v % 1 == 0) & (v >= lower_bound), True, lower_bound=lower_bound)


class _LowerCholesky(Constraint):
    event_dim = 2

    def check(self, value: Any) -> Any:
        lower = (value.tril() == value).flatten(-2).all(-1)
        return lower & (value.diagonal(dim1=-2, dim2=-1) > 0).all(-1)


class _PositiveDefinite(Constraint):
    event_dim = 2

    def check(self, value: Any) -> Any:
        symmetric = ((value - value.mT).abs() <= 1e-6).all(-2).all(-1)
        if not symmetric.all():
            return symmetric
        return eigvalsh(value.detach()).min(-1)[0] > 0


class _IndependentConstraint(Constraint):
    def __init__(self, base_constraint: Constraint, reinterpreted_batch_ndims: int) -> None:
        self.base_constraint, self.reinterpreted_batch_ndims = base_constraint, reinterpreted_batch_ndims
        self.is_discrete = base_constraint.is_discrete
        self.event_dim = base_constraint.event_dim + reinterpreted_batch_ndims

    def check(self, value: Any) -> Any:
        found = self.base_constraint.check(value)
        if found.ndim < self.reinterpreted_batch_ndims:
            raise ValueError(f"Expected value.dim() >= {self.event_dim} but got {value.dim()}")
        lead = found.ndim - self.reinterpreted_batch_ndims
        return found.reshape((*found.shape[:lead], -1)).all(-1)

    def __repr__(self) -> str:
        return f"IndependentConstraint({self.base_constraint!r}, {self.reinterpreted_batch_ndims})"


class _Dependent(Constraint):
    """Stands for a constraint that depends on other parameters."""

    def check(self, value: Any) -> Any:
        raise ValueError("Cannot determine validity of dependent constraint")


real = _Real()
boolean = _Boolean()
one_hot = _OneHot()
simplex = _Simplex()
positive = _GreaterThan(0.0)
nonnegative = _GreaterThanEq(0.0)
nonnegative_integer = _IntegerGreaterThan(0)
positive_integer = _IntegerGreaterThan(1)
unit_interval = _Interval(0.0, 1.0)
lower_cholesky = _LowerCholesky()
positive_definite = _PositiveDefinite()
real_vector = _IndependentConstraint(real, 1)
dependent = _Dependent()
greater_than, greater_than_eq, less_than = _GreaterThan, _GreaterThanEq, _LessThan
interval, integer_interval, independent = _Interval, _IntegerInterval, _IndependentConstraint


def is_dependent(constraint: Constraint) -> bool:
    """Whether the constraint depends on other parameters."""
    return isinstance(constraint, _Dependent)
