"""Reading and writing elements by their numbers: whole pieces of a dimension, single elements, and what a mask selects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import dtypes
from ..op import Array, op
from ..tensor import Tensor, wrap
from .dims import broadcast_shape, dim_of
from .shape import expand, reshape

# ------------------------------------------------------------------------------------------------------------ row-major numbers


def _numbers(index: Array, count: int) -> Array:
    """``index`` as it is, checked where that costs no wait for a device.

    Raises IndexError for numbers outside ``count`` elements.
    """
    if type(index).__module__ == "numpy" and index.size:
        low, high = index.min(), index.max()
        if low < -count or high >= count:
            raise IndexError(f"out of range: tried to access index {high if high >= count else low} on a tensor of {count} elements.")
    return index


@op(
    vjp={"input": lambda g, input_shape, index: put_zeros(g, index, input_shape)},
    samples=lambda rand: [(rand(3, 4), rand.integers(12, 5)), (rand(6), rand.integers(6, 2, 3)), (rand(3, 4), rand.tensor([-1, 0, -1]))],
    torch="take",
)
def take(xp: Any, input: Array, index: Array) -> Array:
    """The elements of ``input`` at the row-major numbers ``index``, in the shape of ``index``."""
    return input.reshape(-1)[_numbers(index, input.size)]


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
        "source": lambda g, index, source_shape: reshape(take(g, index), source_shape),
    },
    samples=lambda rand: [
        (rand(3, 4), rand.tensor([1, 5, 7]), rand(3)),
        rand.call(rand(3, 4), rand.tensor([1, 5, 1]), rand(3), accumulate=True),
    ],
    torch="Tensor.put",
)
def put(xp: Any, input: Array, index: Array, source: Array, accumulate: bool = False) -> Array:
    """``input`` with ``source`` written, or added, at the row-major numbers ``index``."""
    if index.size != source.size:
        raise IndexError(
            "put_(): Expected source and index to have the same number of elements, but got source.numel() = "
            f"{source.size}, index.numel() = {index.size}"
        )
    made = input.copy(order="C")
    _numbers(index, input.size)
    if accumulate:
        xp.add_at(made.reshape(-1), index.reshape(-1), source.reshape(-1))
    else:
        made.reshape(-1)[index.reshape(-1)] = source.reshape(-1)
    return made


# ------------------------------------------------------------------------------------------------------------ several indices


def _key(indices: Sequence[Array | None]) -> tuple[Any, ...]:
    return tuple(slice(None) if a is None else a.astype(bool) if a.dtype == "uint8" else a for a in indices)


def _wrong(input: Array, indices: Sequence[Array | None]) -> IndexError:
    """What is wrong with indices that numpy refused, in PyTorch's words."""
    dim, shapes = 0, []
    for a in indices:
        if a is None:
            dim += 1
        elif a.dtype.kind == "b":
            for i, n in enumerate(a.shape):
                if n != input.shape[dim + i]:
                    return IndexError(
                        f"The shape of the mask {list(a.shape)} at index {i} does not match the shape of the indexed tensor "
                        f"{list(input.shape)} at index {dim + i}"
                    )
            shapes.append((int(a.sum()),))
            dim += a.ndim
        else:
            count = input.shape[dim]
            if a.size and (a.min() < -count or a.max() >= count):
                number = a.max() if a.max() >= count else a.min()
                return IndexError(f"index {number} is out of bounds for dimension {dim} with size {count}")
            shapes.append(a.shape)
            dim += 1
    return IndexError(
        "shape mismatch: indexing tensors could not be broadcast together with shapes " + ", ".join(str(list(s)) for s in shapes)
    )


@op(
    vjp={"input": lambda g, input_shape, indices: index_put_(g.new_zeros(input_shape), g, indices, True)},
    samples=lambda rand: [
        (rand(4, 3), [rand.tensor([0, 2, 0])]),
        (rand(2, 4, 3), [None, rand.tensor([[0, 2], [1, -1]])]),
        (rand(4, 3), [rand.tensor([0, 2]), rand.tensor([[1], [-1]])]),
        (rand(2, 3, 4), [rand.tensor([0, 1]), None, rand.tensor([0, 3])]),
        (rand(3, 2), [rand.tensor([[True, False], [True, True], [False, True]])]),
    ],
    torch="ops.aten.index",
)
def index(xp: Any, input: Array, indices: Sequence[Array | None]) -> Array:
    """The elements at ``indices``: one tensor of numbers, or a mask, for each dimension; None takes the whole dimension."""
    try:
        found = input[_key(indices)]
    except IndexError:
        raise _wrong(input, indices) from None
    return found if found.flags.c_contiguous else found.copy(order="C")


@op(
    vjp={
        "input": lambda g, values_shape, indices, accumulate: g if accumulate else index_put_(g, g.new_zeros(()), indices),
        "values": lambda g, indices: index(g, indices),
    },
    samples=lambda rand: [
        (rand(4, 3), rand(2, 3), [rand.tensor([0, 2])]),
        (rand(4, 3), rand(3), [rand.tensor([0, 2, 0])], True),
        (rand(2, 4), rand(), [None, rand.tensor([1, -1])]),
        (rand(2, 4), rand(2, 2), [None, rand.tensor([1, 1])], True),
    ],
    node="IndexPutBackward0",
)
def index_put_(xp: Any, input: Array, values: Array, indices: Sequence[Array | None], accumulate: bool = False) -> Array:
    """``input`` with ``values``, which broadcast, written or added at ``indices``."""
    key = _key(indices)
    made = input.copy(order="C")
    try:
        if accumulate:
            _accumulate(xp, made, key, values)
        else:
            made[key] = values
    except (IndexError, ValueError) as error:
        if isinstance(error, ValueError) or "could not be broadcast" in str(error):
            try:
                shape = input[key].shape
            except IndexError:
                raise _wrong(input, indices) from None
            raise RuntimeError(
                f"shape mismatch: value tensor of shape {list(values.shape)} cannot be broadcast to indexing result of shape {list(shape)}"
            ) from None
        raise _wrong(input, indices) from None
    return made


def _accumulate(xp: Any, made: Array, key: tuple[Any, ...], values: Array) -> None:
    """Add ``values`` at ``key``. Wide rows on the host are added one by one, which is ten times quicker than ``add_at``."""
    tensors = [k for k in key if not isinstance(k, slice)]
    if len(tensors) == 1 and tensors[0].dtype.kind == "b":  # no element is named twice
        made[key] += values
        return
    width = 1
    for n in made.shape[1:]:
        width *= n
    if len(key) == 1 and xp.kind == "cpu" and width >= 32:
        numbers = tensors[0].reshape(-1)
        rows = xp.broadcast_to(values, (*tensors[0].shape, *made.shape[1:])).reshape(-1, *made.shape[1:])
        _inside(numbers, made.shape[0], _OUT.replace("DIM", "0"), IndexError, -made.shape[0])
        for number, row in zip(numbers.tolist(), rows, strict=True):
            made[number] += row
        return
    xp.add_at(made, key, values)


def _matched(self: Tensor, indices: Sequence[Any]) -> list[Any]:
    return [None if a is None else a if a.device == self.device else a.to(self.device) for a in indices]


def index_put(input: Tensor, indices: Sequence[Any], values: Tensor, accumulate: bool = False) -> Any:
    """``input`` with ``values``, which broadcast, written or added at ``indices``: a tensor, a mask or None a dimension."""
    if values.dtype is not input.dtype:
        raise RuntimeError(
            f"Index put requires the source and destination dtypes match, got {input.dtype.legacy} for the destination and "
            f"{values.dtype.legacy} for the source."
        )
    return index_put_(input, values if values.device == input.device else values.to(input.device), _matched(input, indices), accumulate)


index_put.op = index_put_.op  # type: ignore[attr-defined]  # so that the in-place twin knows what is kept


# ------------------------------------------------------------------------------------------------------------ pieces of a dimension


def _checked(name: str, dim: int, input: Array, index: Array) -> int:
    at = dim_of(dim, input.ndim)
    if index.ndim > 1:
        raise IndexError(f"{name}(): Index is supposed to be a vector")
    if index.dtype not in ("int32", "int64"):
        raise RuntimeError(f"{name}(): Expected dtype int32 or int64 for index")
    return at


def _inside(index: Array, count: int, message: str, kind: type[Exception] = IndexError, low: int = 0) -> None:
    """Check on the host that all numbers are inside; a device would have to be waited for."""
    if type(index).__module__ == "numpy" and index.size:
        number = int(index.max())
        if number < count:
            number = int(index.min())
        if not low <= number < count:
            raise kind(message.format(index=number, count=count))


_OUT = "index {index} is out of bounds for dimension DIM with size {count}"


@op(
    vjp={"input": lambda g, input_shape, dim, index: index_add(g.new_zeros(input_shape), dim, index, g)},
    samples=lambda rand: [
        (rand(3, 4), 0, rand.tensor([0, 2, 0])),
        (rand(3, 4), -1, rand.tensor([1])),
        (rand(3), 0, rand.tensor([2, 2])),
        (rand(2, 3), 1, rand.tensor(2)),
    ],
    torch="index_select",
)
def index_select(xp: Any, input: Array, dim: int, index: Array) -> Array:
    """The pieces of one dimension whose numbers stand in ``index``."""
    at = _checked("index_select", dim, input, index)
    _inside(index, input.shape[at] if input.ndim else 1, "index out of range in self")
    if input.ndim == 0:
        return input.copy()
    return xp.take(input, index.reshape(-1), axis=at)


@op(
    vjp={
        "input": lambda g: g,
        "source": lambda g, dim, index, alpha, source_shape: _scaled(reshape(index_select(g, dim, index), source_shape), alpha),
    },
    samples=lambda rand: [
        (rand(3, 4), 0, rand.tensor([0, 2, 0]), rand(3, 4)),
        rand.call(rand(3, 4), -1, rand.tensor([1, 3]), rand(3, 2), alpha=2.5),
        (rand(3), 0, rand.tensor([2, 2]), rand(2)),
    ],
    torch="index_add",
)
def index_add(xp: Any, input: Array, dim: int, index: Array, source: Array, *, alpha: Any = 1) -> Array:
    """``input`` with ``alpha * source`` added to the pieces of one dimension whose numbers stand in ``index``."""
    at = _checked("index_add_", dim, input, index)
    if input.dtype != source.dtype:
        raise RuntimeError(
            f"index_add_(): self ({dtypes.of(input.dtype).legacy}) and source ({dtypes.of(source.dtype).legacy}) must have the same "
            "scalar type"
        )
    if source.ndim and index.size != source.shape[at]:
        raise RuntimeError(
            f"index_add_(): Number of indices ({index.size}) should be equal to source.size(dim): ({source.shape[at]}), for dim: {at}"
        )
    _inside(index, input.shape[at] if input.ndim else 1, _OUT.replace("DIM", str(at)), RuntimeError)
    made = input.copy(order="C")
    scaled = source if isinstance(alpha, int) and alpha == 1 else source * xp.asarray(alpha, source.dtype)
    if input.ndim == 0:
        return made + scaled.reshape(())
    xp.add_at(made, (slice(None),) * at + (index.reshape(-1),), scaled)
    return made


def _scaled(g: Any, alpha: Any) -> Any:
    return g if isinstance(alpha, int) and alpha == 1 else g * alpha


@op(
    vjp={
        "input": lambda g, dim, index: index_fill(g, dim, index, 0),
        "source": lambda g, dim, index, source_shape: reshape(index_select(g, dim, index), source_shape),
    },
    samples=lambda rand: [(rand(3, 4), 0, rand.tensor([0, 2]), rand(2, 4)), (rand(3, 4), -1, rand.tensor([1]), rand(3, 1))],
    torch="index_copy",
)
def index_copy(xp: Any, input: Array, dim: int, index: Array, source: Array) -> Array:
    """``input`` with ``source`` written to the pieces of one dimension whose numbers stand in ``index``."""
    at = _checked("index_copy_", dim, input, index)
    if input.dtype != source.dtype:
        raise RuntimeError(
            "index_copy_(): self and source expected to have the same dtype, but got (self) "
            f"{dtypes.of(input.dtype).legacy} and (source) {dtypes.of(source.dtype).legacy}"
        )
    if source.ndim and index.size != source.shape[at]:
        raise IndexError(f"index_copy_(): Number of indices ({index.size}) should be equal to source.size(dim) ({source.shape[at]})")
    _inside(index, input.shape[at] if input.ndim else 1, "index_copy_(): index {index} is out of bounds for dimension with size {count}")
    made = input.copy(order="C")
    if input.ndim == 0:
        return source.reshape(()).copy()
    made[(slice(None),) * at + (index.reshape(-1),)] = source
    return made


@op(
    vjp={
        "input": lambda g, dim, index: index_fill_number(g, dim, index, 0),
        "value": lambda g, dim, index: index_select(g, dim, _each_once(index)).sum(),
    },
    samples=lambda rand: [(rand(3, 4), 0, rand.tensor([0, 2]), rand())],
    torch="index_fill",
    node="IndexFillBackward1",
)
def index_fill_tensor(xp: Any, input: Array, dim: int, index: Array, value: Array) -> Array:
    """``input`` with the 0-d ``value`` written to the pieces of one dimension whose numbers stand in ``index``."""
    return _filled(input, dim, index, value)


@op(
    vjp={"input": lambda g, dim, index: index_fill_number(g, dim, index, 0)},
    samples=lambda rand: [(rand(3, 4), 0, rand.tensor([0, 2]), 1.5), (rand(3, 4), -1, rand.tensor([-1]), 2)],
    torch="index_fill",
    node="IndexFillBackward0",
)
def index_fill_number(xp: Any, input: Array, dim: int, index: Array, value: Any) -> Array:
    """``input`` with a number written to the pieces of one dimension whose numbers stand in ``index``."""
    return _filled(input, dim, index, value)


def _filled(input: Array, dim: int, index: Array, value: Any) -> Array:
    at = _checked("index_fill_", dim, input, index)
    count = input.shape[at] if input.ndim else 1
    _inside(index, count, _OUT.replace("DIM", str(at)), IndexError, -count)
    made = input.copy(order="C")
    made.reshape((1,) if input.ndim == 0 else input.shape)[(slice(None),) * at + (index.reshape(-1),)] = value
    return made


def _each_once(index: Tensor) -> Tensor:
    """The numbers without repetition: what is written twice is seen once."""
    return wrap(index._xp.unique(index._data))


def index_fill(input: Tensor, dim: int, index: Tensor, value: Any) -> Any:
    """``input`` with ``value``, a number or a 0-d tensor, written to the pieces of one dimension that ``index`` names."""
    if isinstance(value, Tensor):
        if value.ndim:
            raise RuntimeError(f"index_fill_ only supports a 0-dimensional value tensor, but got tensor with {value.ndim} dimension(s).")
        return index_fill_tensor(input, dim, index, value.to(input.dtype) if value.dtype is not input.dtype else value)
    return index_fill_number(input, dim, index, value)


# ------------------------------------------------------------------------------------------------------------ masks


def _is_mask(name: str, mask: Tensor, optional: bool = False) -> None:
    if mask.dtype is not dtypes.bool_:
        raise RuntimeError(f"{name}: expected BoolTensor for mask")


@op(
    vjp={"input": lambda g, input_shape, mask: masked_scatter_(g.new_zeros(input_shape), mask, g)},
    samples=lambda rand: [(rand(3, 4), rand.booleans(3, 4)), (rand(5), rand.tensor([True, False, True, True, False]))],
    torch="masked_select",
)
def masked_select_(xp: Any, input: Array, mask: Array) -> Array:
    """The elements of ``input`` where ``mask`` is True, as a vector; both have one shape."""
    return input[mask]


def masked_select(input: Tensor, mask: Tensor) -> Any:
    """The elements where ``mask`` is True, as a vector; the shapes broadcast."""
    _is_mask("masked_select", mask)
    shape = broadcast_shape(mask.shape, input.shape)
    return masked_select_(*(t if tuple(t.shape) == shape else expand(t, shape) for t in (input, mask)))


@op(
    vjp={
        "input": lambda g, mask: masked_scatter_(g, mask, g.new_zeros(g.shape)),
        "source": lambda g, mask, source_shape: _leading(masked_select(g, mask), source_shape),
    },
    samples=lambda rand: [
        (rand(2, 3), rand.tensor([[True, False, True], [False, True, False]]), rand(4)),
        (rand(3), rand.tensor([True, False, True]), rand(2)),
    ],
    torch="masked_scatter",
)
def masked_scatter_(xp: Any, input: Array, mask: Array, source: Array) -> Array:
    """``input`` with the first elements of ``source`` written where ``mask`` is True."""
    if input.dtype != source.dtype:
        raise RuntimeError(
            f"masked_scatter_: expected self and source to have same dtypes but got {dtypes.of(input.dtype).legacy} and "
            f"{dtypes.of(source.dtype).legacy}"
        )
    made = input.copy(order="C")
    count = int(mask.sum())
    if count > source.size:
        raise RuntimeError("Number of elements of source < number of ones in mask")
    made[mask] = source.reshape(-1)[:count]
    return made


def _leading(g: Any, shape: Sequence[int]) -> Any:
    """``g`` with zeros after it, in ``shape``."""
    count = 1
    for n in shape:
        count *= n
    return reshape(put_zeros(g, wrap(g._xp.arange(g.numel())), (count,)), shape)


def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Any:
    """``input`` with the first elements of ``source`` written where ``mask``, which broadcasts, is True."""
    if mask.dtype is not dtypes.bool_:
        raise RuntimeError("masked_scatter_ only supports boolean masks, but got mask with dtype " + mask.dtype.legacy)
    shape = broadcast_shape(mask.shape, input.shape)
    return masked_scatter_(*(t if tuple(t.shape) == shape else expand(t, shape) for t in (input, mask)), source)


# ------------------------------------------------------------------------------------------------------------ where elements are


@op(
    samples=lambda rand: [(rand.booleans(3, 4),), (rand.booleans(5),), (rand.booleans(),)],
    torch="nonzero",
)
def nonzero_(xp: Any, input: Array) -> Array:
    """The indices of the elements that are not zero: a row each."""
    if input.ndim == 0:
        return xp.zeros((int(input != 0), 0), "int64")
    return xp.stack(xp.nonzero(input), axis=1).astype("int64", copy=False)


def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """The indices of the elements that are not zero: a row each, or ``as_tuple`` a tensor for each dimension."""
    if as_tuple:
        return tuple(nonzero_(input if input.ndim else reshape(input, (1,))).unbind(1))
    return nonzero_(input)


def nonzero_static(input: Tensor, *, size: int, fill_value: int = -1) -> Any:
    """The indices of the first ``size`` elements that are not zero: a row each, and rows of ``fill_value`` where there are fewer.

    Raises RuntimeError for a negative ``size``.
    """
    if size < 0:
        raise RuntimeError("nonzero_static: 'size' must be an non-negative integer")
    found, xp = nonzero_(input)._data[:size], input._xp
    return wrap(xp.concatenate((found, xp.full((size - found.shape[0], input.ndim), fill_value, "int64"))))


def argwhere(input: Tensor) -> Any:
    """The indices of the elements that are not zero: a row each."""
    return nonzero_(input)


TORCH = {
    "argwhere": argwhere,
    "index_add": index_add,
    "index_copy": index_copy,
    "index_fill": index_fill,
    "index_put": index_put,
    "index_select": index_select,
    "masked_scatter": masked_scatter,
    "masked_select": masked_select,
    "nonzero": nonzero,
    "nonzero_static": nonzero_static,
    "put": put,
    "take": take,
}
TENSOR = TORCH
IN_PLACE = {
    "index_add_": index_add,
    "index_copy_": index_copy,
    "index_fill_": index_fill,
    "index_put_": index_put,
    "masked_scatter_": masked_scatter,
    "put_": put,
}
