"""Products of matrices and vectors: the ops that multiply, and the functions that PyTorch composes of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

from .. import dtypes
from ..dtypes import C_NAMES
from ..op import Array, op
from ..tensor import Tensor
from .dims import broadcast_shape
from .order_of_dims import permute, t, transpose
from .shape import (
    _expanded,
    _squeeze_,
    _unsafe_view,
    contiguous,
    expand,
    flatten,
    reshape,
    squeeze,
    unsqueeze,
    view,
)


def _product(xp: Any, a: Array, b: Array) -> Array:
    """``a @ b``: half precision is added up in single precision.

    Raises NotImplementedError for bools, as PyTorch does.
    """
    kind = a.dtype
    if kind.char in "fd":
        return xp.matmul(a, b)
    if kind.char == "e":
        return xp.matmul(a.astype("float32"), b.astype("float32")).astype(kind)
    if kind.kind == "b":
        raise NotImplementedError("\"addmm_impl_cpu_\" not implemented for 'Bool'")
    return xp.matmul(a, b)


def _same_types(a: Array, b: Array, first: str = "m1", second: str = "m2") -> None:
    if a.dtype != b.dtype:
        raise RuntimeError(
            f"expected {first} and {second} to have the same dtype, but got: {C_NAMES[a.dtype.name]} != {C_NAMES[b.dtype.name]}"
        )


def _check_mm(a: Array, b: Array) -> None:
    if a.ndim == b.ndim == 2 and a.shape[1] == b.shape[0] and a.dtype is b.dtype:  # nothing to say
        return
    if a.ndim != 2:
        raise RuntimeError(f"mat1 must be a matrix, got {a.ndim}-D tensor")
    if b.ndim != 2:
        raise RuntimeError(f"mat2 must be a matrix, got {b.ndim}-D tensor")
    if a.shape[1] != b.shape[0]:
        raise RuntimeError(f"mat1 and mat2 shapes cannot be multiplied ({a.shape[0]}x{a.shape[1]} and {b.shape[0]}x{b.shape[1]})")
    _same_types(a, b)


def _check_bmm(a: Array, b: Array) -> None:
    if a.ndim != 3:
        raise RuntimeError(f"batch1 must be a 3D tensor, got {a.ndim}-D tensor")
    if b.ndim != 3:
        raise RuntimeError(f"batch2 must be a 3D tensor, got {b.ndim}-D tensor")
    if b.shape[0] != a.shape[0] or b.shape[1] != a.shape[2]:
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{a.shape[0]}, {a.shape[2]}] but got: "
            f"[{b.shape[0]}, {b.shape[1]}]."
        )
    if a.dtype != b.dtype:
        raise RuntimeError(f"expected scalar type {dtypes.of(a.dtype).legacy} but found {dtypes.of(b.dtype).legacy}")


def _check_mv(a: Array, b: Array) -> None:
    if a.ndim != 2 or b.ndim != 1:
        raise RuntimeError(f"vector + matrix @ vector expected, got 1, {a.ndim}, {b.ndim}")
    if a.shape[1] != b.shape[0]:
        raise RuntimeError(f"size mismatch, got input ({a.shape[0]}), mat ({a.shape[0]}x{a.shape[1]}), vec ({b.shape[0]})")
    _same_types(a, b, "mat", "vec")


def _check_dot(name: str, a: Array, b: Array) -> None:
    if a.ndim != 1 or b.ndim != 1:
        raise RuntimeError(f"1D tensors expected, but got {a.ndim}D and {b.ndim}D tensors")
    if a.dtype != b.dtype:
        raise RuntimeError(
            f"{name} : expected both vectors to have same dtype, but found {dtypes.of(a.dtype).legacy} and {dtypes.of(b.dtype).legacy}"
        )
    if a.shape != b.shape:
        raise RuntimeError(
            f"inconsistent tensor size, expected tensor [{a.size}] and src [{b.size}] to have the same number of elements, but got "
            f"{a.size} and {b.size} elements respectively"
        )


def _conj(a: Any) -> Any:
    return a.conj() if a.is_complex() else a


def _th(a: Any) -> Any:
    """A matrix transposed and conjugated."""
    return _conj(t(a))


def _bth(a: Any) -> Any:
    """Matrices transposed and conjugated."""
    return _conj(transpose(a, 1, 2))


def _times(g: Any, factor: Any) -> Any:
    if isinstance(factor, complex):
        factor = factor.conjugate()
    return g if isinstance(factor, (int, float)) and factor == 1 else g * factor


def _for_second(g: Any, first: Any, strides: tuple[int, ...]) -> Any:
    """The gradient of the second of two factors, laid out in memory as that is: a transposed weight's need not be copied."""
    return t(mm(t(g), _conj(first))) if strides[0] < strides[1] else mm(_th(first), g)


def _second_on_arrays(xp: Any, g: Array, first: Array, strides: tuple[int, ...]) -> Array:
    return xp.matmul(g.T, first).T if strides[0] < strides[1] else xp.matmul(first.T, g)


def _scaled(xp: Any, array: Array, factor: Any) -> Array:
    return array if factor == 1 else xp.multiply(array, xp.asarray(factor, array.dtype))


# ------------------------------------------------------------------------------------------------------------ products


@op(
    vjp={"input": lambda g, mat2: mm(g, _th(mat2)), "mat2": lambda g, input, mat2_strides: _for_second(g, input, mat2_strides)},
    on_arrays={
        "input": lambda xp, g, mat2: xp.matmul(g, mat2.T),
        "mat2": lambda xp, g, input, mat2_strides: _second_on_arrays(xp, g, input, mat2_strides),
    },
    samples=lambda rand: [(rand(2, 3), rand(3, 4)), (rand(0, 3), rand(3, 2)), (rand.complex(2, 2), rand.complex(2, 3))],
    torch="mm",
)
def mm(xp: Any, input: Array, mat2: Array) -> Array:
    """The product of two matrices."""
    _check_mm(input, mat2)
    return _product(xp, input, mat2)


@op(
    vjp={"input": lambda g, mat2: bmm(g, _bth(mat2)), "mat2": lambda g, input: bmm(_bth(input), g)},
    on_arrays={
        "input": lambda xp, g, mat2: xp.matmul(g, mat2.swapaxes(1, 2)),
        "mat2": lambda xp, g, input: xp.matmul(input.swapaxes(1, 2), g),
    },
    samples=lambda rand: [(rand(2, 3, 4), rand(2, 4, 2)), (rand.complex(2, 1, 2), rand.complex(2, 2, 1))],
    torch="bmm",
)
def bmm(xp: Any, input: Array, mat2: Array) -> Array:
    """The products of the matrices in two batches."""
    _check_bmm(input, mat2)
    return _product(xp, input, mat2)


@op(
    vjp={"input": lambda g, vec: outer(g, _conj(vec)), "vec": lambda g, input: mv(_th(input), g)},
    samples=lambda rand: [(rand(2, 3), rand(3)), (rand.complex(2, 3), rand.complex(3))],
    torch="mv",
)
def mv(xp: Any, input: Array, vec: Array) -> Array:
    """The product of a matrix and a vector."""
    _check_mv(input, vec)
    return _product(xp, input, vec)


@op(
    vjp={"input": lambda g, tensor: g * _conj(tensor), "tensor": lambda g, input: g * _conj(input)},
    samples=lambda rand: [(rand(3), rand(3)), (rand.complex(3), rand.complex(3))],
    torch="dot",
)
def dot(xp: Any, input: Array, tensor: Array) -> Array:
    """The sum of the products of two vectors' elements."""
    _check_dot("dot", input, tensor)
    return _product(xp, input, tensor)


@op(
    vjp={"input": lambda g, other: _conj(g) * other, "other": lambda g, input: g * input},
    samples=lambda rand: [(rand(3), rand(3)), (rand.complex(3), rand.complex(3))],
    torch="vdot",
)
def vdot(xp: Any, input: Array, other: Array) -> Array:
    """As ``dot``, with the elements of ``input`` conjugated."""
    _check_dot("vdot" if input.dtype.kind == "c" else "dot", input, other)
    return _product(xp, xp.conj(input) if input.dtype.kind == "c" else input, other)


# ------------------------------------------------------------------------------------------------------------ products added to something


def _added(xp: Any, input: Array, product: Array, beta: Any, alpha: Any) -> Array:
    """``beta * input + alpha * product``; with ``beta`` 0 the input is not looked at, so that its NaNs do not count."""
    if beta == alpha == 1 and input.dtype is product.dtype and input.shape in (product.shape, product.shape[1:]):
        return xp.add(product, input, product)  # nobody else has the product
    _expanded(input, product.shape)  # raises where it does not broadcast
    if input.dtype != product.dtype:
        raise RuntimeError(
            f"self and mat2 must have the same dtype, but got {dtypes.of(input.dtype).legacy} and {dtypes.of(product.dtype).legacy}"
        )
    if alpha != 1:
        product = product * xp.asarray(alpha, product.dtype)
    if beta == 0:
        return product
    return xp.add(product, input if beta == 1 else input * xp.asarray(beta, input.dtype))


@op(
    vjp={
        "input": lambda g, beta: _times(g, beta),
        "mat1": lambda g, mat2, alpha: _times(mm(g, _th(mat2)), alpha),
        "mat2": lambda g, mat1, alpha, mat2_strides: _times(_for_second(g, mat1, mat2_strides), alpha),
    },
    on_arrays={
        "input": lambda xp, g, beta: _scaled(xp, g, beta),
        "mat1": lambda xp, g, mat2, alpha: _scaled(xp, xp.matmul(g, mat2.T), alpha),
        "mat2": lambda xp, g, mat1, alpha, mat2_strides: _scaled(xp, _second_on_arrays(xp, g, mat1, mat2_strides), alpha),
    },
    samples=lambda rand: [
        (rand(2, 4), rand(2, 3), rand(3, 4)),
        (rand(4), rand(2, 3), rand(3, 4)),
        rand.call(rand(2, 1), rand(2, 3), rand(3, 4), beta=0.5, alpha=2.0),
    ],
    torch="addmm",
)
def addmm(xp: Any, input: Array, mat1: Array, mat2: Array, *, beta: Any = 1, alpha: Any = 1) -> Array:
    """``beta * input + alpha * (mat1 @ mat2)``; ``input`` broadcasts."""
    _check_mm(mat1, mat2)
    return _added(xp, input, _product(xp, mat1, mat2), beta, alpha)


@op(
    vjp={
        "input": lambda g, beta: _times(g, beta),
        "mat": lambda g, vec, alpha: _times(outer(g, _conj(vec)), alpha),
        "vec": lambda g, mat, alpha: _times(mv(_th(mat), g), alpha),
    },
    samples=lambda rand: [(rand(2), rand(2, 3), rand(3)), rand.call(rand(1), rand(2, 3), rand(3), beta=0.5, alpha=2.0)],
    torch="addmv",
)
def addmv(xp: Any, input: Array, mat: Array, vec: Array, *, beta: Any = 1, alpha: Any = 1) -> Array:
    """``beta * input + alpha * (mat @ vec)``; ``input`` broadcasts."""
    _check_mv(mat, vec)
    return _added(xp, input, _product(xp, mat, vec), beta, alpha)


@op(
    vjp={
        "input": lambda g, beta: _times(g, beta),
        "batch1": lambda g, batch2, alpha: _times(bmm(g, _bth(batch2)), alpha),
        "batch2": lambda g, batch1, alpha: _times(bmm(_bth(batch1), g), alpha),
    },
    samples=lambda rand: [
        (rand(2, 2, 4), rand(2, 2, 3), rand(2, 3, 4)),
        rand.call(rand(4), rand(2, 2, 3), rand(2, 3, 4), beta=0.5, alpha=2.0),
    ],
    torch="baddbmm",
)
def baddbmm(xp: Any, input: Array, batch1: Array, batch2: Array, *, beta: Any = 1, alpha: Any = 1) -> Array:
    """``beta * input + alpha * (batch1 @ batch2)`` for each pair of matrices; ``input`` broadcasts."""
    _check_bmm(batch1, batch2)
    return _added(xp, input, _product(xp, batch1, batch2), beta, alpha)


def _spread(g: Any, shape: Sequence[int], alpha: Any) -> Any:
    """The gradient of a sum of matrices for each of them."""
    return _times(expand(g, (shape[0], *g.shape)), alpha)


@op(
    vjp={
        "input": lambda g, beta: _times(g, beta),
        "batch1": lambda g, batch2, alpha: bmm(_spread(g, batch2.shape, alpha), _bth(batch2)),
        "batch2": lambda g, batch1, alpha: bmm(_bth(batch1), _spread(g, batch1.shape, alpha)),
    },
    samples=lambda rand: [
        (rand(2, 4), rand(2, 2, 3), rand(2, 3, 4)),
        rand.call(rand(4), rand(2, 2, 3), rand(2, 3, 4), beta=0.5, alpha=2.0),
    ],
    torch="addbmm",
)
def addbmm(xp: Any, input: Array, batch1: Array, batch2: Array, *, beta: Any = 1, alpha: Any = 1) -> Array:
    """``beta * input + alpha *`` the sum of the products of the matrices; ``input`` broadcasts."""
    _check_bmm(batch1, batch2)
    return _added(xp, input, _product(xp, batch1, batch2).sum(0, dtype=batch1.dtype), beta, alpha)


@op(
    vjp={
        "input": lambda g, beta: _times(g, beta),
        "vec1": lambda g, vec2, alpha: _times(mv(g, _conj(vec2)), alpha),
        "vec2": lambda g, vec1, alpha: _times(mv(t(g), _conj(vec1)), alpha),
    },
    samples=lambda rand: [(rand(2, 3), rand(2), rand(3)), rand.call(rand(3), rand(2), rand(3), beta=0.5, alpha=2.0)],
    torch="addr",
)
def addr(xp: Any, input: Array, vec1: Array, vec2: Array, *, beta: Any = 1, alpha: Any = 1) -> Array:
    """``beta * input + alpha *`` the outer product of two vectors; ``input`` broadcasts."""
    if vec1.ndim != 1 or vec2.ndim != 1:
        raise RuntimeError(
            f"addr: Expected 1-D argument vec{1 if vec1.ndim != 1 else 2}, but got {(vec1 if vec1.ndim != 1 else vec2).ndim}-D"
        )
    return _added(xp, input, xp.multiply(vec1[:, None], vec2[None, :]), beta, alpha)


# ------------------------------------------------------------------------------------------------------------ matmul


def _folds(a: Tensor, b: Tensor) -> bool:
    """Whether the larger tensor is to be folded into a matrix, instead of the smaller one being repeated."""
    large, small = (a, b) if a.ndim >= b.ndim else (b, a)
    if large.ndim < 3 or small.ndim > 2:
        return False
    if small.requires_grad:  # its gradient would be repeated too
        return True
    if a.ndim == 2:
        return False
    array = large._data
    if array.size == 0:
        return True
    shape, strides = array.shape, array.strides
    return all(strides[i] == strides[i + 1] * shape[i + 1] for i in range(array.ndim - 2))


def _prod(sizes: Sequence[int]) -> int:
    total = 1
    for n in sizes:
        total *= n
    return total


def matmul(input: Tensor, other: Tensor) -> Any:
    """The product of matrices and vectors; more than two dimensions are batches of matrices and broadcast."""
    if not isinstance(other, Tensor):
        raise TypeError(f"matmul(): argument 'other' (position 2) must be Tensor, not {type(other).__name__}")
    a, b = input.ndim, other.ndim
    if a == 0 or b == 0:
        raise RuntimeError(f"both arguments to matmul need to be at least 1D, but they are {a}D and {b}D")
    if a == 1 and b == 1:
        return dot(input, other)
    if a == 2 and b == 1:
        return mv(input, other)
    if a == 1 and b == 2:
        return _squeeze_(mm(unsqueeze(input, 0), other), 0)
    if a == 2 and b == 2:
        return mm(input, other)
    if _folds(input, other):
        turned = b > a
        large = transpose(other, -2, -1) if turned else input
        small = other if not turned else t(input) if a == 2 else input
        lead = large._data.shape[:-1]
        folded = reshape(large, (_prod(lead), large._data.shape[-1]))
        if small.ndim == 1:
            return _unsafe_view(mv(folded, small), lead)
        product = _unsafe_view(mm(folded, small), (*lead, small._data.shape[1]))
        return contiguous(transpose(product, -2, -1)) if turned else product
    left, right = input._data.shape, other._data.shape
    if a == 3 and b == 3 and left[0] != right[0]:
        if left[0] == 1 and input.requires_grad:
            return matmul(squeeze(input, 0), other)
        if right[0] == 1 and other.requires_grad:
            return matmul(input, squeeze(other, 0))
    rows, inner = (left[-2] if a > 1 else 1), left[-1]
    batch = broadcast_shape(left[:-2], right[:-2] if b > 1 else ())
    count = _prod(batch)
    first = reshape(expand(input, (*batch, rows, inner)), (count, rows, inner))
    if b == 1:
        second = unsqueeze(reshape(expand(other, (*batch, right[0])), (count, right[0])), 2)
        product = squeeze(bmm(first, second), -1)
    else:
        second = reshape(expand(other, (*batch, *right[-2:])), (count, *right[-2:]))
        product = bmm(first, second)
    return _unsafe_view(product, (*batch, *((rows,) if a > 1 else ()), *((right[-1],) if b > 1 else ())))


def _operator(function: Callable[..., Any], reflected: bool = False) -> Callable[..., Any]:
    def operate(self: Tensor, other: Any) -> Any:
        if not isinstance(other, Tensor):
            return NotImplemented
        return function(other, self) if reflected else function(self, other)

    return operate


def outer(input: Tensor, vec2: Tensor) -> Any:
    """The products of each element of one vector with each of another."""
    for name, vector in (("self", input), ("vec2", vec2)):
        if vector.ndim != 1:
            raise RuntimeError(f"outer: Expected 1-D argument {name}, but got {vector.ndim}-D")
    return reshape(input, (input.numel(), 1)) * vec2


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Any:
    """``input @ weight.T + bias``: the last dimension of ``input`` is that of ``weight``'s rows."""
    if input.ndim == 2 and bias is not None:
        return addmm(bias, input, t(weight))
    if bias is not None and bias.ndim == 1 and weight.ndim == 2 and input.is_contiguous() and bias.is_contiguous():
        lead, last = input._data.shape[:-1], input._data.shape[-1]
        flat = addmm(bias, view(input, (_prod(lead), last)), t(weight))
        return view(flat, (*lead, flat._data.shape[1]))
    product = matmul(input, t(weight) if weight.ndim == 2 else weight)
    return product if bias is None else product + bias


# ------------------------------------------------------------------------------------------------------------ several dimensions


def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Any:
    """The sum over pairs of dimensions of the products of two tensors: the last ``dims`` of ``a`` with the first of ``b``, or
    the two lists given.

    Raises RuntimeError where paired sizes differ.
    """
    if isinstance(dims, Tensor):
        dims = dims.tolist()
    if isinstance(dims, int):
        if dims < 0:
            raise RuntimeError(f"tensordot expects dims >= 0, but got dims={dims}")
        first, second = list(range(-dims, 0)), list(range(dims))
    else:
        first, second = ([d] if isinstance(d, int) else list(d) for d in dims)
    if len(first) != len(second):
        raise RuntimeError("both dimension lists should have same length")
    left, right = a._data.shape, b._data.shape
    inner = 1
    for i, j in zip(first, second, strict=True):
        if left[i] != right[j]:
            if left[i] == 1:
                b = b.sum(j, keepdim=True, dtype=b.dtype)
                right = b._data.shape
            elif right[j] == 1:
                a = a.sum(i, keepdim=True, dtype=a.dtype)
                left = a._data.shape
            else:
                raise RuntimeError(
                    f"contracted dimensions need to match, but first has size {left[i]} in dim {i} and second has size "
                    f"{right[j]} in dim {j}"
                )
        inner *= left[i]
    first, second = [i % a.ndim for i in first], [j % b.ndim for j in second]
    free_a, free_b = ([d for d in range(n) if d not in used] for n, used in ((a.ndim, first), (b.ndim, second)))
    rows, columns = [left[d] for d in free_a], [right[d] for d in free_b]
    one, two = permute(a, (*free_a, *first)), permute(b, (*second, *free_b))
    if not free_a and not free_b and a.ndim:
        return view(dot(flatten(one), flatten(two)), ())
    product = mm(reshape(one, (_prod(rows), inner)), reshape(two, (inner, _prod(columns))))
    return reshape(product, (*rows, *columns))


def inner(input: Tensor, other: Tensor) -> Any:
    """The sum of products over the last dimensions of two tensors; with a 0-d tensor the product."""
    if input.ndim == 0 or other.ndim == 0:
        return input * other
    if input._data.shape[-1] != other._data.shape[-1]:
        raise RuntimeError(
            f"inner() the last dimension must match on both input tensors but got shapes {list(input.shape)} and {list(other.shape)}"
        )
    return tensordot(input, other, ([-1], [-1]))


def kron(input: Tensor, other: Tensor) -> Any:
    """Kronecker product: each element of ``input`` times the whole of ``other``."""
    if not isinstance(other, Tensor):
        raise TypeError(f"kron(): argument 'other' (position 2) must be Tensor, not {type(other).__name__}")
    n = max(input.ndim, other.ndim)
    left, right = ((1,) * (n - t.ndim) + tuple(t.shape) for t in (input, other))
    wide = [size for pair in zip(left, (1,) * n, strict=True) for size in pair]
    narrow = [size for pair in zip((1,) * n, right, strict=True) for size in pair]
    product = _unsafe_view(input, wide) * _unsafe_view(other, narrow)
    return _unsafe_view(product, [p * q for p, q in zip(left, right, strict=True)])


def _three(g: Any, i2: Any) -> Any:
    return tensordot(g, i2, ([1], [0]))


@op(
    vjp={
        "i1": lambda g, i2, i3: squeeze(bmm(_three(g, i2), unsqueeze(i3, 2)), 2),
        "i2": lambda g, i1, i3: tensordot(g, unsqueeze(i1, 2) * unsqueeze(i3, 1), ([0], [0])),
        "i3": lambda g, i1, i2: squeeze(bmm(unsqueeze(i1, 1), _three(g, i2)), 1),
    },
    samples=lambda rand: [(rand(3, 2), rand(4, 2, 5), rand(3, 5))],
    node="TrilinearBackward0",
)
def _trilinear(xp: Any, i1: Array, i2: Array, i3: Array) -> Array:
    """For each row of ``i1`` (n, a) and ``i3`` (n, b) and each matrix of ``i2`` (k, a, b): row @ matrix @ row, (n, k)."""
    return xp.einsum("na,kab,nb->nk", i1, i2, i3)


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Any:
    """``input1 @ weight[k] @ input2 + bias[k]`` for each k, over the last dimensions."""
    lead = tuple(input1.shape[:-1])
    if input1.ndim != input2.ndim:
        raise RuntimeError(f"bilinear(): input dimensions do not match: got {input1.ndim} and {input2.ndim}")
    if lead != tuple(input2.shape[:-1]):
        at = next(i for i, (n, m) in enumerate(zip(lead, input2.shape, strict=False)) if n != m)
        raise RuntimeError(f"bilinear(): input batch dimensions do not match at dim {at}: got {lead[at]} and {input2.shape[at]}")
    for i, given in enumerate((input1, input2)):
        if given.shape[-1] != weight.shape[i + 1]:
            raise RuntimeError(
                f"bilinear(): input{i + 1} size does not match weight size: got {given.shape[-1]} but expected {weight.shape[i + 1]}"
            )
    flat = [reshape(given, (_prod(lead), given.shape[-1])) for given in (input1, input2)]
    product = reshape(_trilinear(flat[0], weight, flat[1]), (*lead, weight.shape[0]))
    return product if bias is None else product + bias


def multi_dot(tensors: Sequence[Tensor]) -> Any:
    """The product of several matrices in the order that takes the fewest multiplications; the ends may be vectors."""
    given = list(tensors)
    if len(given) < 2:
        raise RuntimeError(f"multi_dot(): expected at least 2 tensors but got {len(given)}")
    shape = []
    if given[0].ndim == 1:
        given[0] = unsqueeze(given[0], 0)
    else:
        shape.append(given[0].shape[0])
    if given[-1].ndim == 1:
        given[-1] = unsqueeze(given[-1], -1)
    else:
        shape.append(given[-1].shape[1])
    sizes = [a.shape[0] for a in given] + [given[-1].shape[1]]
    n = len(given)
    cost = [[0] * n for _ in range(n)]
    cut = [[0] * n for _ in range(n)]
    for length in range(2, n + 1):  # the matrix chain: best cut of each run of matrices
        for i in range(n - length + 1):
            j = i + length - 1
            order = range(j - 1, i - 1, -1) if n == 3 else range(i, j)  # which of two equal ones PyTorch takes
            cost[i][j], cut[i][j] = min(
                ((cost[i][k] + cost[k + 1][j] + sizes[i] * sizes[k + 1] * sizes[j + 1], k) for k in order), key=itemgetter(0)
            )

    def chain(i: int, j: int) -> Any:
        return given[i] if i == j else mm(chain(i, cut[i][j]), chain(cut[i][j] + 1, j))

    return view(chain(0, n - 1), shape)


def chain_matmul(*matrices: Tensor) -> Any:
    """The product of several matrices in the order that takes the fewest multiplications."""
    return matrices[0] if len(matrices) == 1 else multi_dot(matrices)


TORCH = {
    "addbmm": addbmm,
    "addmm": addmm,
    "addmv": addmv,
    "addr": addr,
    "baddbmm": baddbmm,
    "bilinear": bilinear,
    "bmm": bmm,
    "chain_matmul": chain_matmul,
    "dot": dot,
    "ger": outer,
    "inner": inner,
    "kron": kron,
    "matmul": matmul,
    "mm": mm,
    "mv": mv,
    "outer": outer,
    "tensordot": tensordot,
    "vdot": vdot,
}
TENSOR = {name: TORCH[name] for name in TORCH if name not in ("bilinear", "chain_matmul", "tensordot")} | {
    "__matmul__": _operator(matmul),
    "__rmatmul__": _operator(matmul, reflected=True),
}
IN_PLACE = {"addbmm_": addbmm, "addmm_": addmm, "addmv_": addmv, "addr_": addr, "baddbmm_": baddbmm}
FUNCTIONAL = {"bilinear": bilinear, "linear": linear}
