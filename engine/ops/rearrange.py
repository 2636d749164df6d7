"""Elements in another order or repeated, and parts of matrices: flips and rolls, repeats, diagonals and triangles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..op import Array, op
from ..tensor import Tensor
from .copying import copying
from .dims import dim_of, dims_of, sizes_of
from .pieces import cat
from .shape import clone, expand, flatten, reshape, unsqueeze

# ------------------------------------------------------------------------------------------------------------ flips and rolls


@op(
    vjp={"input": lambda g, dims: flip(g, dims)},
    samples=lambda rand: [(rand(2, 3), (0,)), (rand(2, 3), (0, -1)), (rand(3), ())],
    torch="flip",
)
def flip(xp: Any, input: Array, dims: Sequence[int]) -> Array:
    """``input`` with the order of the elements along ``dims`` reversed."""
    over = dims_of(dims, input.ndim)
    return input[tuple(slice(None, None, -1) if d in over else slice(None) for d in range(input.ndim))].copy()


def _flip(input: Tensor, *sizes: Any, dims: Any = None) -> Any:
    """``flip`` as a method: the dimensions may be separate arguments."""
    return flip(input, sizes_of(sizes if dims is None else (dims,)))


def fliplr(input: Tensor) -> Any:
    """The columns in reverse order."""
    if input.ndim < 2:
        raise RuntimeError("Input must be >= 2-d.")
    return flip(input, (1,))


def flipud(input: Tensor) -> Any:
    """The rows in reverse order."""
    if input.ndim < 1:
        raise RuntimeError("Input must be >= 1-d.")
    return flip(input, (0,))


@op(
    vjp={"input": lambda g, k, dims: rot90(g, -k, dims)},
    samples=lambda rand: [(rand(2, 3),), (rand(2, 3), 2), (rand(2, 3, 4), 3, (1, -1)), (rand(2, 3), 0)],
    torch="rot90",
)
def rot90(xp: Any, input: Array, k: int = 1, dims: Sequence[int] = (0, 1)) -> Array:
    """``input`` turned by ``k`` quarters from the first of ``dims`` towards the second."""
    if len(dims) != 2:
        raise RuntimeError(f"expected total rotation dims == 2, but got dims = {len(dims)}")
    if input.ndim < 2:
        raise RuntimeError(f"expected total dims >= 2, but got total dims = {input.ndim}")
    a, b = (dim_of(d, input.ndim) for d in dims)
    if a == b:
        raise RuntimeError(f"expected rotation dims to be different, but got dim0 = {dims[0]} and dim1 = {dims[1]}")
    turns = k % 4
    over = {0: (), 1: (b,), 2: (a, b), 3: (a,)}[turns]
    turned = input[tuple(slice(None, None, -1) if d in over else slice(None) for d in range(input.ndim))].copy()
    return xp.swapaxes(turned, a, b) if turns % 2 else turned


@op(
    vjp={"input": lambda g, shifts, dims: roll(g, _negated(shifts), dims)},
    samples=lambda rand: [(rand(2, 3), 1), (rand(2, 3), 2, -1), (rand(2, 3), (1, -1), (0, 1)), (rand(3), 0, 0)],
    torch="roll",
)
def roll(xp: Any, input: Array, shifts: Any, dims: Any = None) -> Array:
    """``input`` with the elements moved along ``dims`` and those that fall out put in at the other end; without ``dims`` as
    if it were a vector."""
    over = () if dims is None else (dims,) if isinstance(dims, int) else tuple(dims)
    by = (shifts,) if isinstance(shifts, int) else tuple(shifts)
    if len(by) != len(over) and (over or len(by) != 1):
        raise RuntimeError(f"shifts and dimensions must align. shifts: {len(by)}, dims:{len(over)}")
    if not over:
        return xp.roll(input, by[0])
    return xp.roll(input, by, tuple(dim_of(d, input.ndim) for d in over))


def _negated(shifts: Any) -> Any:
    return -shifts if isinstance(shifts, int) else tuple(-s for s in shifts)


def _roll(self: Tensor, shifts: Any, dims: Any = None) -> Any:
    """``roll`` as a method."""
    return roll(self, shifts, dims)


# ------------------------------------------------------------------------------------------------------------ repeats


@op(
    vjp={"input": lambda g, input_shape, repeats: _folded(g, input_shape, repeats)},
    samples=lambda rand: [(rand(2, 3), (2, 1)), (rand(3), (2, 2)), (rand(), (3,)), (rand(2), (0,)), (rand(2, 3), (1, 1))],
    torch="Tensor.repeat",
)
def repeat(xp: Any, input: Array, repeats: Sequence[int]) -> Array:
    """Copies of ``input`` side by side: ``repeats`` of them along each dimension."""
    if len(repeats) < input.ndim:
        raise RuntimeError("Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor")
    shape = (1,) * (len(repeats) - input.ndim) + input.shape
    wanted = [n * r for n, r in zip(shape, repeats, strict=True)]
    if any(n < 0 for n in wanted):
        raise RuntimeError(f"Trying to create tensor with negative dimension {next(n for n in wanted if n < 0)}: {wanted}")
    return xp.tile(input, tuple(repeats))


def _folded(g: Any, shape: Sequence[int], repeats: Sequence[int]) -> Any:
    """The sum of a tensor's copies side by side."""
    lead = len(repeats) - len(shape)
    pairs: list[int] = list(repeats[:lead])
    over = list(range(lead))
    for n, r in zip(shape, repeats[lead:], strict=True):
        over.append(len(pairs))
        pairs += [r, n]
    if 0 in repeats:
        return g.new_zeros(shape)
    return reshape(g, pairs).sum(over) if over else g


def _repeat(self: Tensor, *sizes: Any, repeats: Any = None) -> Any:
    """``repeat`` as a method: the numbers may be separate arguments."""
    return repeat(self, sizes_of(sizes if repeats is None else (repeats,)))


def tile(input: Tensor, dims: Sequence[int]) -> Any:
    """As ``repeat``; missing numbers at the front are 1."""
    return repeat(input, (1,) * (input.ndim - len(dims)) + tuple(dims))


def _tile(self: Tensor, *dims: Any) -> Any:
    """``tile`` as a method: the numbers may be separate arguments."""
    return tile(self, sizes_of(dims))


def repeat_interleave(input: Tensor, repeats: Any = None, dim: int | None = None, *, output_size: int | None = None) -> Any:
    """Each element, or each piece of a dimension, several times in a row: ``repeats`` is one number or one each."""
    if repeats is None:  # the first argument is the numbers
        counts = input._data
        return _numbers_of(input, counts)
    if isinstance(repeats, Tensor):
        if dim is None:
            input, dim = flatten(input), 0
        at = dim_of(dim, input.ndim)
        count = input.shape[at] if input.ndim else 1
        if repeats.ndim == 0 or repeats.numel() == 1:
            repeats = expand(reshape(repeats, (1,)), (count,))
        if repeats.ndim != 1 or repeats.shape[0] != count:
            raise RuntimeError(
                f"repeats must have the same size as input along dim, but got repeats.size(0) = {repeats.shape[0]} and "
                f"input.size({at}) = {count}"
            )
        return input.index_select(at, _numbers_of(input, repeats._data))
    if isinstance(repeats, (tuple, list)):
        return repeat_interleave(input, input.new_tensor(list(repeats)).long(), dim)
    if repeats < 0:
        raise RuntimeError("Repeats must be non-negative")
    if dim is None:
        input, dim = flatten(input), 0
    at = dim_of(dim, input.ndim)
    if input.ndim == 0:
        input = flatten(input)
    shape = tuple(input.shape)
    wide = clone(expand(unsqueeze(input, at + 1), (*shape[: at + 1], repeats, *shape[at + 1 :])), memory_format="torch.contiguous_format")
    return flatten(wide, at, at + 1)


def _numbers_of(like: Tensor, counts: Array) -> Any:
    """0 as often as the first count says, 1 as the second, and so on."""
    xp = like._xp
    numbers = xp.arange(counts.shape[0], dtype="int64")
    host = xp.to_host(counts).tolist()
    if any(n < 0 for n in host):
        raise RuntimeError("repeats can not be negative")
    return like.new_zeros(0).long().new_tensor(xp.repeat(numbers, host))


# ------------------------------------------------------------------------------------------------------------ diagonals


def _diagonal_dims(ndim: int, dim1: int, dim2: int) -> tuple[int, int]:
    a, b = dim_of(dim1, ndim), dim_of(dim2, ndim)
    if a == b:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return a, b


def _diagonal(xp: Any, array: Array, offset: int, dim1: int, dim2: int) -> Array:
    """The diagonal as a view that can be written."""
    a, b = _diagonal_dims(array.ndim, dim1, dim2)
    rows, columns = array.shape[a], array.shape[b]
    length = max(min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns), 0)
    start = [slice(None)] * array.ndim
    if length:
        start[a], start[b] = slice(max(-offset, 0), None), slice(max(offset, 0), None)
    rest = [d for d in range(array.ndim) if d not in (a, b)]
    shape = (*(array.shape[d] for d in rest), length)
    strides = (*(array.strides[d] for d in rest), array.strides[a] + array.strides[b])
    return xp.as_strided(array[tuple(start)], shape, strides)


@op(
    vjp={"input": lambda g, input_shape, offset, dim1, dim2: diagonal_backward(g, input_shape, offset, dim1, dim2)},
    samples=lambda rand: [
        (rand(3, 4),),
        (rand(3, 4), 1),
        (rand(4, 3), -2),
        (rand(2, 3, 4), 0, -1, 0),
        rand.call(rand(2, 3, 3), dim1=1, dim2=2),
        (rand(2, 2), 5),
    ],
    torch="diagonal",
    view=True,
)
def diagonal(xp: Any, input: Array, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Array:
    """The diagonals of the matrices in two dimensions, as the last dimension; ``offset`` above (or below) the main one."""
    return _diagonal(xp, input, offset, dim1, dim2)


@op(
    vjp={"grad": lambda g, offset, dim1, dim2: diagonal(g, offset, dim1, dim2)},
    samples=lambda rand: [(rand(3), (3, 4), 0, 0, 1), (rand(2, 3), (2, 4, 4), 1, 1, 2)],
)
def diagonal_backward(xp: Any, grad: Array, shape: Sequence[int], offset: int, dim1: int, dim2: int) -> Array:
    """Zeros of ``shape`` with ``grad`` on the diagonals."""
    made = xp.zeros(tuple(shape), grad.dtype)
    _diagonal(xp, made, offset, dim1, dim2)[...] = grad
    return made


@op(
    vjp={"input": lambda g, offset, dim1, dim2: diagonal(g, offset, dim1, dim2)},
    samples=lambda rand: [(rand(3),), (rand(2, 3), 1), (rand(2, 3), -1, 0, 2)],
    torch="diag_embed",
)
def diag_embed(xp: Any, input: Array, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Array:
    """Matrices, in two new dimensions, with the last dimension's elements on their diagonals."""
    a, b = _diagonal_dims(input.ndim + 1, dim1, dim2)
    size = input.shape[-1] + abs(offset)
    shape = list(input.shape[:-1])
    for d in sorted((a, b)):
        shape.insert(d, size)
    made = xp.zeros(tuple(shape), input.dtype)
    _diagonal(xp, made, offset, a, b)[...] = input
    return made


diagonal_copy = copying(diagonal, "diagonal_copy")


def diag(input: Tensor, diagonal: int = 0) -> Any:
    """A matrix with the vector on its diagonal, or a copy of the matrix's diagonal."""
    if input.ndim not in (1, 2):
        raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {input.ndim}D")
    return diag_embed(input, diagonal) if input.ndim == 1 else diagonal_copy(input, diagonal)


def diagflat(input: Tensor, offset: int = 0) -> Any:
    """A matrix with all elements on its diagonal."""
    return diag_embed(flatten(input), offset)


@op(
    vjp={"input": lambda g, input_shape: diagonal_backward(expand(g, (min(input_shape),)), input_shape, 0, 0, 1)},
    samples=lambda rand: [(rand(3, 3),), (rand(2, 4),)],
    torch="trace",
)
def trace(xp: Any, input: Array) -> Array:
    """The sum of a matrix's diagonal."""
    if input.ndim != 2:
        raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {input.ndim}")
    return xp.trace(input, dtype="int64" if input.dtype.kind in "biu" else input.dtype)


# ------------------------------------------------------------------------------------------------------------ triangles


def _triangle(xp: Any, name: str, input: Array, diagonal: int) -> Array:
    if input.ndim < 2:
        raise RuntimeError(f"{name}: input tensor must have at least 2 dimensions")
    return getattr(xp, name)(input, diagonal)


@op(
    vjp={"input": lambda g, diagonal: tril(g, diagonal)},
    samples=lambda rand: [(rand(3, 4),), (rand(2, 3, 3), -1), (rand(3, 3), 1)],
    torch="tril",
)
def tril(xp: Any, input: Array, diagonal: int = 0) -> Array:
    """The lower triangles of matrices; zeros above the diagonal."""
    return _triangle(xp, "tril", input, diagonal)


@op(
    vjp={"input": lambda g, diagonal: triu(g, diagonal)},
    samples=lambda rand: [(rand(3, 4),), (rand(2, 3, 3), -1), (rand(3, 3), 1)],
    torch="triu",
)
def triu(xp: Any, input: Array, diagonal: int = 0) -> Array:
    """The upper triangles of matrices; zeros below the diagonal."""
    return _triangle(xp, "triu", input, diagonal)


def block_diag(*tensors: Tensor) -> Any:
    """A matrix with the matrices along its diagonal."""
    blocks = [reshape(t, (1, -1)) if t.ndim < 2 else t for t in tensors]
    columns = sum(int(b.shape[1]) for b in blocks)
    rows, before = [], 0
    for block in blocks:
        left, right = block.new_zeros((block.shape[0], before)), block.new_zeros((block.shape[0], columns - before - block.shape[1]))
        rows.append(cat([left, block, right], 1))
        before += block.shape[1]
    return cat(rows, 0)


TORCH = {
    "block_diag": block_diag,
    "diag": diag,
    "diag_embed": diag_embed,
    "diagflat": diagflat,
    "diagonal": diagonal,
    "flip": flip,
    "fliplr": fliplr,
    "flipud": flipud,
    "repeat_interleave": repeat_interleave,
    "roll": roll,
    "rot90": rot90,
    "tile": tile,
    "trace": trace,
    "tril": tril,
    "triu": triu,
}
TENSOR = {
    "diag": diag,
    "diag_embed": diag_embed,
    "diagflat": diagflat,
    "diagonal": diagonal,
    "flip": _flip,
    "fliplr": fliplr,
    "flipud": flipud,
    "repeat": _repeat,
    "repeat_interleave": repeat_interleave,
    "roll": _roll,
    "rot90": rot90,
    "tile": _tile,
    "trace": trace,
    "tril": tril,
    "triu": triu,
}
IN_PLACE = {"tril_": tril, "triu_": triu}
