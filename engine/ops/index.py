"""Reading and writing elements by their numbers."""

from __future__ import annotations

from typing import Any

from ..op import Array, op


@op(
    vjp={"input": lambda g, input_shape, index: put_zeros(g, index, input_shape)},
    samples=lambda rand: [(rand(3, 4), rand.integers(12, 5)), (rand(6), rand.integers(6, 2, 3))],
    torch="take",
    node="TakeBackward0",
)
def take(xp: Any, input: Array, index: Array) -> Array:
    """The elements of ``input`` at the row-major numbers ``index``, in the shape of ``index``."""
    return input.reshape(-1)[index]


@op(
    vjp={"source": lambda g, index: take(g, index)},
    samples=lambda rand: [(rand(5), rand.integers(12, 5), (3, 4))],
)
def put_zeros(xp: Any, source: Array, index: Array, shape: Any) -> Array:
    """Zeros of ``shape`` with ``source`` added at the row-major numbers ``index``."""
    made = xp.zeros(shape, source.dtype)
    xp.add_at(made.reshape(-1), index.reshape(-1), source.reshape(-1))
    return made


@op(
    vjp={
        "input": lambda g, index, accumulate, source_shape: g if accumulate else put(g, index, g.new_zeros(source_shape)),
        "source": lambda g, index: take(g, index),
    },
    samples=lambda rand: [
        (rand(3, 4), rand.tensor([1, 5, 7]), rand(3)),
        rand.call(rand(3, 4), rand.tensor([1, 5, 1]), rand(3), accumulate=True),
    ],
    torch="Tensor.put",
    node="PutBackward0",
)
def put(xp: Any, input: Array, index: Array, source: Array, accumulate: bool = False) -> Array:
    """``input`` with ``source`` written, or added, at the row-major numbers ``index``."""
    made = input.copy(order="C")
    if accumulate:
        xp.add_at(made.reshape(-1), index.reshape(-1), source.reshape(-1))
    else:
        made.reshape(-1)[index.reshape(-1)] = source.reshape(-1)
    return made


TORCH = {"take": take}
TENSOR = {"take": take, "put": put}
IN_PLACE = {"put_": put}
