"""Random tensors, and random numbers written into tensors. Nothing flows back through a draw but zeros."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from .. import devices, dtypes, numbers_drawn, shortage
from ..autograd.grad_mode import mode
from ..creation import shape_of
from ..op import Array, op
from ..random import Generator, drawing, generator_for
from ..streams import Stream
from ..tape import recorder
from ..tensor import Tensor, wrap
from .kinds import zeros_as

Draw = Callable[[Stream, int, Any], Any]  # of a stream so many numbers of an element type

# ------------------------------------------------------------------------------------------------------ into memory


def _in_memory_order(array: Any) -> Any:
    """A view of ``array`` whose last dimension lies closest together: PyTorch fills memory in this order."""
    order = sorted(range(array.ndim), key=lambda dim: -abs(array.strides[dim]))
    return array.transpose(order)


def _write(self: Tensor, draw: Draw, generator: Generator | None) -> Tensor:
    """Fill ``self`` with drawn numbers, as an in-place op does: the version is counted, gradients no longer pass."""
    if mode.enabled and self.requires_grad and (self if self._base is None else self._base).is_leaf:
        what = "a leaf Variable" if self._base is None else "a view of a leaf Variable"
        raise RuntimeError(f"{what} that requires grad is being used in an in-place operation.")
    stream = generator_for(self.device, generator).stream
    array = self._data
    if mode.enabled and self.requires_grad:
        fresh = self._xp.empty(array.shape, array.dtype)
        _fill(stream, fresh, array.flags.c_contiguous, draw)
        self.copy_(wrap(fresh))
        return self
    _fill(stream, array, array.flags.c_contiguous, draw)
    self._bump()
    return self


def _fill(stream: Stream, array: Any, contiguous: bool, draw: Draw) -> None:
    if not array.size:
        return
    target = array if contiguous else _in_memory_order(array)

    def filled(xp: Any) -> None:
        target[...] = draw(stream, array.size, array.dtype).reshape(target.shape)

    try:
        devices.module_of(array).run(filled)
    except MemoryError as error:
        raise shortage.named(error, devices.device_of(array)) from error


def _floating(self: Tensor, kernel: str) -> None:
    if not self.dtype.is_floating_point:
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{self.dtype.legacy}'")


def uniform_(self: Tensor, from_: float = 0.0, to: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Fill with numbers from ``from_`` up to but not including ``to``.

    Raises RuntimeError where the bounds are the wrong way round.
    """
    if self.dtype.is_complex:
        _write_parts(self, lambda stream, count, kind: numbers_drawn.uniform(stream, count, kind, from_, to), generator)
        return self
    _floating(self, "check_uniform_bounds")
    if not from_ <= to:
        raise RuntimeError(f"uniform_ expects to return a [from, to) range, but found from={from_:g} > to={to:g}")
    return _write(self, lambda stream, count, kind: numbers_drawn.uniform(stream, count, kind, from_, to), generator)


def _check_deviation(std: float) -> None:
    if not std >= 0.0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std:g}")


def normal_(self: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Fill with normal numbers.

    Raises RuntimeError for a negative ``std``.
    """
    _check_deviation(std)
    blocks = bool(self._data.flags.c_contiguous)
    if self.dtype.is_complex:
        part = std / math.sqrt(2.0)
        _write_parts(self, lambda stream, count, kind: numbers_drawn.normal(stream, count, kind, mean, part, blocks), generator)
        return self
    _floating(self, f"normal_kernel_{self._xp.kind}")
    return _write(self, lambda stream, count, kind: numbers_drawn.normal(stream, count, kind, mean, std, blocks), generator)


def _write_parts(self: Tensor, draw: Draw, generator: Generator | None) -> None:
    """Fill real and imaginary parts, which lie in memory in turns."""

    def both(stream: Stream, count: int, kind: Any) -> Any:
        return draw(stream, 2 * count, "float64" if kind == "complex128" else "float32").view(kind)

    _write(self, both, generator)


def log_normal_(self: Tensor, mean: float = 1.0, std: float = 2.0, *, generator: Generator | None = None) -> Tensor:
    """Fill with numbers whose logarithms are normal.

    Raises RuntimeError unless ``std`` is positive.
    """
    _floating(self, "log_normal_cpu")
    if not std > 0.0:
        raise RuntimeError(f"log_normal_ expects std > 0.0, but found std={std:g}")
    return _write(
        self, lambda stream, count, kind: numbers_drawn.rounded(numbers_drawn.log_normal(stream, count, mean, std), kind), generator
    )


def exponential_(self: Tensor, lambd: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Fill with numbers of density ``lambd * exp(-lambd * x)``.

    Raises RuntimeError unless ``lambd`` is positive.
    """
    _floating(self, "exponential_cpu")
    if not lambd > 0.0:
        raise RuntimeError(f"exponential_ expects lambda > 0.0, but found lambda={lambd:g}")
    return _write(self, lambda stream, count, kind: numbers_drawn.rounded(numbers_drawn.exponential(stream, count, lambd), kind), generator)


def cauchy_(self: Tensor, median: float = 0.0, sigma: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Fill with numbers of Cauchy's distribution.

    Raises RuntimeError unless ``sigma`` is positive.
    """
    if not sigma > 0.0:
        raise RuntimeError(f"cauchy_ expects sigma > 0.0, but found sigma={sigma:g}")
    if not self.dtype.is_floating_point:
        raise RuntimeError(
            "Cauchy distribution is a continuous probability distribution. dtype must be a floating point but you specified "
            f"{self.dtype.legacy}"
        )
    return _write(
        self, lambda stream, count, kind: numbers_drawn.rounded(numbers_drawn.cauchy(stream, count, median, sigma), kind), generator
    )


def geometric_(self: Tensor, p: float, *, generator: Generator | None = None) -> Tensor:
    """Fill with how many trials of probability ``p`` it takes to succeed once.

    Raises RuntimeError unless ``p`` lies between 0 and 1.
    """
    if not 0 < p < 1:
        raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={p:g}")
    return _write(self, lambda stream, count, kind: numbers_drawn.rounded(numbers_drawn.geometric(stream, count, p), kind), generator)


def random_(self: Tensor, from_: int | None = None, to: int | None = None, *, generator: Generator | None = None) -> Tensor:
    """Fill with integers: from ``from_`` (0) up to but not including ``to``; without bounds with all that the type holds.

    Raises RuntimeError for an empty range.
    """
    if from_ is None and to is None:
        return _write(self, numbers_drawn.any_integers, generator)
    if to is None:
        from_, to = 0, from_
    low, high = from_ or 0, to
    assert high is not None
    if low >= high:
        raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
    return _write(self, lambda stream, count, kind: numbers_drawn.integers(stream, count, low, high - low).astype(kind), generator)


def bernoulli_(self: Tensor, p: Any = 0.5, *, generator: Generator | None = None) -> Tensor:
    """Fill with ones where a number drawn is below ``p`` (a number, or a tensor that broadcasts), zeros elsewhere.

    Raises RuntimeError for probabilities outside of [0, 1].
    """
    if not isinstance(p, Tensor):
        if not 0 <= p <= 1:
            raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p:g}")
        return _write(self, lambda stream, count, kind: (numbers_drawn.unit(stream, count, "float64") < p).astype(kind), generator)
    xp, chances = self._xp, p._data
    if not dtypes.of(chances.dtype).is_floating_point:
        chances = chances.astype("float64")
    if chances.size and not bool(((chances >= 0) & (chances <= 1)).all()):
        raise RuntimeError("Expected p_in >= 0 && p_in <= 1 to be true, but got false: probabilities lie between 0 and 1")
    shape = self._data.shape
    spread = xp.broadcast_to(chances, shape)
    if not self._data.flags.c_contiguous:
        spread = spread.transpose(sorted(range(len(shape)), key=lambda dim: -abs(self._data.strides[dim])))
    flat = spread.reshape(-1)
    return _write(self, lambda stream, count, kind: (numbers_drawn.unit(stream, count, flat.dtype) < flat).astype(kind), generator)


# ------------------------------------------------------------------------------------------------------ new tensors


def _empty(shape: tuple[int, ...], dtype: Any, device: Any) -> Tensor:
    kind = dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype(dtype)
    place = devices.as_device(device)
    try:
        return wrap(devices.array_module(place).empty(shape, kind.numpy))
    except MemoryError as error:
        raise shortage.named(error, place) from error


def _given(made: Tensor, requires_grad: bool, out: Tensor | None = None) -> Tensor:
    if out is not None:
        out._data = made._data.astype(out._data.dtype)
        out._bump()
        return out
    return made.requires_grad_() if requires_grad else made


def _drawn(fill: Callable[..., Any], made: Tensor, *args: Any, generator: Generator | None) -> Tensor:
    """A new tensor filled by one of the in-place draws: nobody has seen it before, so it counts as unchanged."""
    found, mode.quiet = mode.quiet, True
    try:
        fill(made, *args, generator=generator)
    finally:
        mode.quiet = found
    made._cell = None
    return made


@drawing
def rand(
    *size: Any,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """Numbers from 0 up to but not including 1."""
    return _given(_drawn(uniform_, _empty(shape_of(size, "rand"), dtype, device), generator=generator), requires_grad, out)


@drawing
def randn(
    *size: Any,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """Normal numbers of mean 0 and variance 1."""
    return _given(_drawn(normal_, _empty(shape_of(size, "randn"), dtype, device), generator=generator), requires_grad, out)


@drawing
def randint(
    *bounds: Any,
    low: int = 0,
    high: int | None = None,
    size: Sequence[int] | None = None,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: Any = dtypes.int64,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Integers from ``low`` up to but not including ``high``: ``randint(high, size)`` or ``randint(low, high, size)``.

    Raises RuntimeError for an empty range.
    """
    given = list(bounds)
    if size is None and given:
        size = given.pop()
    if len(given) == 2:
        low, high = given
    elif len(given) == 1:
        low, high = (low, given[0]) if high is None else (given[0], high)
    if high is None or size is None:
        raise TypeError("randint() received an invalid combination of arguments: it takes (high, size) or (low, high, size)")
    made = _empty(shape_of((size,), "randint"), dtypes.int64 if dtype is None else dtype, device)
    return _given(random_(made, int(low), int(high), generator=generator), requires_grad, out)


@drawing
def randperm(
    n: int,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: Any = dtypes.int64,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """The numbers from 0 to ``n - 1`` in random order.

    Raises RuntimeError for a negative ``n``.
    """
    if n < 0:
        raise RuntimeError(f"Trying to create tensor with negative dimension {n}: [{n}]")
    place = devices.as_device(device)
    made = numbers_drawn.permutation(generator_for(place, generator).stream, int(n))
    return _given(wrap(made.astype(dtypes.as_dtype(dtype or dtypes.int64).numpy)), requires_grad, out)


def _like(input: Tensor, dtype: Any, device: Any) -> Tensor:
    return _empty(tuple(input.shape), input.dtype if dtype is None else dtype, input.device if device is None else device)


@drawing
def rand_like(
    input: Tensor,
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    memory_format: Any = None,
    generator: Generator | None = None,
) -> Tensor:
    """As ``rand``, of the shape, type and device of ``input``."""
    return _given(_drawn(uniform_, _like(input, dtype, device), generator=generator), requires_grad)


@drawing
def randn_like(
    input: Tensor,
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    memory_format: Any = None,
    generator: Generator | None = None,
) -> Tensor:
    """As ``randn``, of the shape, type and device of ``input``."""
    return _given(_drawn(normal_, _like(input, dtype, device), generator=generator), requires_grad)


@drawing
def randint_like(
    input: Tensor,
    low: int,
    high: int | None = None,
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    memory_format: Any = None,
    generator: Generator | None = None,
) -> Tensor:
    """As ``randint``, of the shape, type and device of ``input``: ``randint_like(input, high)`` or ``(input, low, high)``."""
    bottom, top = (0, low) if high is None else (low, high)
    return _given(_drawn(random_, _like(input, dtype, device), bottom, top, generator=generator), requires_grad)


@drawing
def normal(
    mean: Any = 0.0,
    std: Any = 1.0,
    size: Sequence[int] | None = None,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """Normal numbers: one for each element of ``mean`` and ``std``, tensors that broadcast, or ``size`` of them.

    Raises RuntimeError for a negative ``std``.
    """
    means, stds = isinstance(mean, Tensor), isinstance(std, Tensor)
    if not means and not stds:
        if size is None:
            raise TypeError("normal() received an invalid combination of arguments: numbers as mean and std need a size")
        made = _drawn(normal_, _empty(shape_of((size,), "normal"), dtype, device), float(mean), float(std), generator=generator)
        return _given(made, requires_grad, out)
    if stds and std._data.size and bool((std._data < 0).any()):
        raise RuntimeError("normal expects all elements of std >= 0.0")
    if not stds:
        _check_deviation(std)
    first = mean if means else std
    xp = first._xp
    shape = xp.broadcast_shapes(mean._data.shape, std._data.shape) if means and stds else first._data.shape
    made = _drawn(normal_, _empty(shape, first.dtype, first.device), 0.0, 1.0 if stds else float(std), generator=generator)
    values = made._data
    if stds:
        values = values * std._data
    values = xp.asarray(values + (mean._data if means else xp.asarray(mean, values.dtype))).astype(made._data.dtype)
    if out is not None:
        return _given(wrap(values), False, out)
    if means and stds:
        return _drawn_from_both(mean, std, values)  # type: ignore[no-any-return]
    return _drawn_from(first, values, "NormalBackward1" if means else "NormalBackward2")  # type: ignore[no-any-return]


@op(
    vjp={"input": lambda g: zeros_as(g)},
    samples=lambda rand: [(rand.probability(3), rand(3)._data, "BernoulliBackward0"), (rand(2), rand(2)._data, "NormalBackward1")],
    node=lambda name: name,
    gradcheck=False,
)
def _drawn_from(xp: Any, input: Array, drawn: Any, name: str) -> Array:
    """The numbers ``drawn`` by the parameter in ``input``, to which no gradient goes: zeros."""
    return drawn


@op(
    vjp={"mean": lambda g: zeros_as(g), "std": lambda g, std_shape: g.new_zeros(std_shape)},
    samples=lambda rand: [(rand(3), rand.positive(3), rand(3)._data)],
    node="NormalBackward3",
    gradcheck=False,
)
def _drawn_from_both(xp: Any, mean: Array, std: Array, drawn: Any) -> Array:
    """Normal numbers ``drawn`` by tensors of means and deviations, to which no gradient goes: zeros."""
    return drawn


@drawing
def bernoulli(input: Tensor, p: float | None = None, *, generator: Generator | None = None, out: Tensor | None = None) -> Tensor:
    """Ones with the probabilities in ``input`` (or with probability ``p`` in its shape), zeros otherwise; errors as ``bernoulli_``."""
    _floating(input, "bernoulli_tensor_cpu_p_")
    made = _drawn(
        bernoulli_, _empty(tuple(input.shape), input.dtype, input.device), input.detach() if p is None else p, generator=generator
    )
    return _given(made, False, out) if out is not None or p is not None else _drawn_from(input, made._data, "BernoulliBackward0")


@drawing
def poisson(input: Tensor, generator: Generator | None = None) -> Tensor:
    """Numbers of Poisson's distribution with the rates in ``input``.

    Raises RuntimeError for negative rates.
    """
    xp = input._xp
    rates = xp.to_host(input._data).reshape(-1).tolist()
    if any(rate < 0 for rate in rates):
        raise RuntimeError("invalid Poisson rate, expected rate to be non-negative")
    stream = generator_for(input.device, generator).stream
    made = [numbers_drawn.poisson(stream, rate) for rate in rates]
    return wrap(xp.asarray(made, input._data.dtype).reshape(input._data.shape))


@drawing
def multinomial(
    input: Tensor, num_samples: int, replacement: bool = False, *, generator: Generator | None = None, out: Tensor | None = None
) -> Tensor:
    """``num_samples`` numbers of columns of each row of ``input``, with chances in proportion to the elements.

    Raises RuntimeError for negative weights, rows of zeros, and more samples than columns without replacement.
    """
    if input.ndim not in (1, 2):
        raise RuntimeError("prob_dist must be 1 or 2 dim")
    if not input.dtype.is_floating_point:
        raise RuntimeError(f"multinomial only supports floating-point dtypes for input, got: {input.dtype.legacy}")
    if num_samples <= 0:
        raise RuntimeError("cannot sample n_sample <= 0 samples")
    columns = input.shape[-1]
    if not replacement and num_samples > columns:
        raise RuntimeError("cannot sample n_sample > prob_dist.size(-1) samples without replacement")
    xp = input._xp
    weights = input._data.reshape(-1, columns)
    if not bool(((weights >= 0) & (weights < math.inf)).all()):
        raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
    if bool((weights.sum(axis=1) == 0).any()):
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")
    stream = generator_for(input.device, generator).stream
    if not replacement or num_samples == 1:
        # the largest of weight / exponential number is each column's with its chance (the "exponential races")
        races = weights / numbers_drawn.exponential(stream, weights.size, 1.0).astype(weights.dtype).reshape(weights.shape)
        found = xp.argmax(races, axis=1)[:, None] if num_samples == 1 else xp.argsort(-races, axis=1, kind="stable")[:, :num_samples]
    else:
        below = xp.cumsum(weights, axis=1)
        below = below / below[:, -1:]
        drawn = numbers_drawn.unit(stream, len(weights) * num_samples, "float64").reshape(len(weights), num_samples)
        found = xp.stack([xp.searchsorted(row[:-1], u) for row, u in zip(below, drawn, strict=True)])
    made = _given(wrap(found.astype("int64").reshape(*input.shape[:-1], num_samples)), False, out)
    if input.requires_grad and recorder.current is not None:  # no op: for whoever asks where its gradient ends
        recorder.current.op("multinomial", (input,), (made,), None, {}, recorder.current.clock())
    return made


TORCH = {
    "bernoulli": bernoulli, "multinomial": multinomial, "normal": normal, "poisson": poisson, "rand": rand, "rand_like": rand_like,
    "randint": randint, "randint_like": randint_like, "randn": randn, "randn_like": randn_like, "randperm": randperm,
}  # fmt: skip
TENSOR = {
    "bernoulli": bernoulli, "bernoulli_": bernoulli_, "cauchy_": cauchy_, "exponential_": exponential_, "geometric_": geometric_,
    "log_normal_": log_normal_, "multinomial": multinomial, "normal_": normal_, "random_": random_, "uniform_": uniform_,
}  # fmt: skip
