"""How ops run on a batch: a rule takes the operands' values, batches along their first dimension where mapped, and gives
the batch of results in the same way.

Ops that work element by element need dimensions that stand in line; others need the dimensions that they name to be
counted from one further on, or the batch folded into a dimension that is one of samples anyway. An op without a rule
runs once a sample, and the results are stacked.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from .. import dtypes, ops
from .. import op as _op
from ..op import OPS, Op
from ..ops.pieces import stack
from ..tensor import Tensor
from . import levels as _levels

Rule = Callable[[Op, list[Any], list[bool], tuple[Any, ...], int], Any]

_NUMBERS = (bool, int, float, complex)


def each(op: Op, values: list[Any], mapped: list[bool], params: tuple[Any, ...], size: int) -> Any:
    """The op once a sample, the results stacked: right for every op."""
    if size == 0:
        blank = [v.new_ones(v.shape[1:]) if m else v for v, m in zip(values, mapped, strict=True)]
        made = _op.call(op, tuple(blank), params)
        return tuple(m.new_zeros((0, *m.shape)) for m in made) if isinstance(made, tuple) else made.new_zeros((0, *made.shape))
    rows = [_op.call(op, tuple(v.select(0, i) if m else v for v, m in zip(values, mapped, strict=True)), params) for i in range(size)]
    if isinstance(rows[0], tuple):
        return tuple(stack(column) for column in zip(*rows, strict=True))
    return stack(rows)


def _rank(value: Any, mapped: bool) -> int:
    return value._data.ndim - mapped if isinstance(value, Tensor) else 0


def _spread(value: Any, mapped: bool, size: int) -> Any:
    """The batch along the first dimension, also of what is the same for all."""
    return value if mapped or not isinstance(value, Tensor) else value.expand((size, *value._data.shape))


def _promoted(op: Op, values: list[Any], mapped: list[bool]) -> list[Any]:
    """Tensors that for the op are 0-d do not count for its type, which in the batch they would: they are cast before."""
    if op.promote not in ("common", "float"):
        return values
    kinds = {v.dtype for i, v in enumerate(values) if isinstance(v, Tensor) and i not in op.apart}
    if len(kinds) < 2 or all(_rank(v, m) for v, m in zip(values, mapped, strict=True) if isinstance(v, Tensor)):
        return values
    operands = [
        (v.dtype, 2 if _rank(v, m) else 1) if isinstance(v, Tensor) else (dtypes.of_number(v), 0)
        for i, (v, m) in enumerate(zip(values, mapped, strict=True))
        if i not in op.apart and isinstance(v, (Tensor, *_NUMBERS))
    ]
    common = dtypes.result_type(operands)
    return [v.to(common) if isinstance(v, Tensor) and i not in op.apart and v.dtype is not common else v for i, v in enumerate(values)]


def in_line(op: Op, values: list[Any], mapped: list[bool], params: tuple[Any, ...], size: int) -> Any:
    """For ops that broadcast: the batch first, then the dimensions in line at the end."""
    values = _promoted(op, values, mapped)
    top = max(_rank(v, m) for v, m in zip(values, mapped, strict=True))
    placed = []
    for v, m in zip(values, mapped, strict=True):
        if m and _rank(v, m) < top:
            shape = v._data.shape
            v = v.reshape((shape[0], *(1,) * (top - len(shape) + 1), *shape[1:]))
        placed.append(v if op.promote is not None else _spread(v, m, size))
    return _op.call(op, tuple(placed), params)


def onto(op: Op, values: list[Any], mapped: list[bool], params: tuple[Any, ...], size: int) -> Any:
    """As ``in_line``, where the result has the shape of the first operand."""
    return in_line(op, [_spread(values[0], mapped[0], size), *values[1:]], [True, *mapped[1:]], params, size)


def unchanged(op: Op, values: list[Any], mapped: list[bool], params: tuple[Any, ...], size: int) -> Any:
    """For ops that leave leading dimensions alone."""
    return _op.call(op, tuple(_spread(v, m, size) for v, m in zip(values, mapped, strict=True)), params)


def first_only(op: Op, values: list[Any], mapped: list[bool], params: tuple[Any, ...], size: int) -> Any:
    """For ops that leave leading dimensions of their first operand alone, where the others are the same for all."""
    if any(mapped[1:]) or not mapped[0]:
        return each(op, values, mapped, params, size)
    return _op.call(op, tuple(values), params)


def _further(dim: Any, rank: int) -> Any:
    """The dimensions named, one further on."""
    if isinstance(dim, (tuple, list)):
        return tuple(_further(d, rank) for d in dim)
    if not -rank <= dim < rank:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-rank}, {rank - 1}], but got {dim})")
    return dim % rank + 1


def along(*names: str, whole: bool = False, shapes: tuple[str, ...] = ()) -> Rule:
    """For ops whose parameters ``names`` are dimensions and ``shapes`` are sizes of the first operand.

    whole: where no dimension is named, all are meant, and the op takes several; else they are flattened into one.
    """

    def rule(op: Op, values: list[Any], mapped: list[bool], params: tuple[Any, ...], size: int) -> Any:
        rank = _rank(values[0], mapped[0])
        given = dict(zip(op.params, params, strict=True))
        if rank == 0 and not shapes:
            return each(op, values, mapped, params, size)
        values = [_spread(v, m, size) for v, m in zip(values, mapped, strict=True)]
        for name in shapes:
            rank = len(given[name])
            if rank == 0:
                return each(op, values, [isinstance(v, Tensor) for v in values], params, size)
            given[name] = (size, *given[name])
        for name in names:
            dim = given[name]
            if dim is None or (isinstance(dim, (tuple, list)) and not dim and whole):
                if not whole:
                    if len(names) > 1 or given.get("keepdim"):
                        return each(op, values, [isinstance(v, Tensor) for v in values], params, size)
                    values = [v.reshape((size, -1)) if isinstance(v, Tensor) else v for v in values]
                    given[name] = 1
                else:
                    given[name] = tuple(range(1, rank + 1))
            else:
                given[name] = _further(dim, rank)
        return _op.call(op, tuple(values), tuple(given[n] for n in op.params))

    return rule


def sized(name: str) -> Rule:
    """For ops that give their operand the shape ``name``."""

    def rule(op: Op, values: list[Any], mapped: list[bool], params: tuple[Any, ...], size: int) -> Any:
        given = dict(zip(op.params, params, strict=True))
        shape = tuple(given[name])
        if -1 in shape:
            known = 1
            for n in shape:
                known *= n if n != -1 else 1
            count = values[0].numel() // size if size else 0
            shape = tuple(count // known if n == -1 and known else n for n in shape)
        return values[0].reshape((size, *shape))

    return rule


def _expand(op: Op, values: list[Any], mapped: list[bool], params: tuple[Any, ...], size: int) -> Any:
    (value,), (wanted, *_) = values, params
    shape = value._data.shape
    wanted = tuple(wanted)
    if len(wanted) > len(shape) - 1:
        value = value.reshape((size, *(1,) * (len(wanted) - len(shape) + 1), *shape[1:]))
    return value.expand((size, *wanted))


def _sum_to(op: Op, values: list[Any], mapped: list[bool], params: tuple[Any, ...], size: int) -> Any:
    value, shape = values[0], tuple(params[0])
    extra = value._data.ndim - 1 - len(shape)
    if extra:
        value = value.sum(tuple(range(1, extra + 1)))
    return _op.call(op, (value,), ((size, *shape),))


def _squeeze(op: Op, values: list[Any], mapped: list[bool], params: tuple[Any, ...], size: int) -> Any:
    (value,), (dim, *_) = values, params
    rank = value._data.ndim - 1
    if dim is None:
        dim = tuple(i for i in range(1, rank + 1) if value._data.shape[i] == 1)
    elif rank == 0:
        return value
    else:
        dim = _further(dim if isinstance(dim, (tuple, list)) else (dim,), rank)
    return value.squeeze(dim) if dim else value


def _unsqueeze(op: Op, values: list[Any], mapped: list[bool], params: tuple[Any, ...], size: int) -> Any:
    return values[0].unsqueeze(_further(params[0], values[0]._data.ndim))


def _diag_embed(op: Op, values: list[Any], mapped: list[bool], params: tuple[Any, ...], size: int) -> Any:
    offset, *dims = params
    return _op.call(op, tuple(values), (offset, *(_further(d, values[0]._data.ndim) for d in dims)))


def _transpose(op: Op, values: list[Any], mapped: list[bool], params: tuple[Any, ...], size: int) -> Any:
    (value,) = values
    rank = value._data.ndim - 1
    if op.name == "t":
        return value if rank < 2 else value.transpose(1, 2)
    return value if rank == 0 else value.transpose(*(_further(d, rank) for d in params))


def _permute(op: Op, values: list[Any], mapped: list[bool], params: tuple[Any, ...], size: int) -> Any:
    return values[0].permute((0, *_further(tuple(params[0]), values[0]._data.ndim - 1)))


def _joined(op: Op, values: list[Any], mapped: list[bool], params: tuple[Any, ...], size: int) -> Any:
    values = _promoted(op, [_spread(v, m, size) for v, m in zip(values, mapped, strict=True)], [True] * len(values))
    rank = max(v._data.ndim for v in values) - 1
    if any(v._data.ndim - 1 != rank for v in values):  # cat skips empty vectors
        return each(op, values, [True] * len(values), params, size)
    return _op.call(op, tuple(values), (_further(params[0], rank + (op.name == "stack")),))


def _same_shapes(op: Op, values: list[Any], mapped: list[bool], params: tuple[Any, ...], size: int) -> Any:
    """``repeat`` and the like: numbers a dimension, in line at the end."""
    (value,) = values
    repeats = tuple(params[0])
    extra = len(repeats) - (value._data.ndim - 1)
    if extra > 0:
        value = value.reshape((size, *(1,) * extra, *value._data.shape[1:]))
    return _op.call(op, (value,), ((1, *repeats),))


# ------------------------------------------------------------------------------------------------------------ matrices


def _mm(op: Op, values: list[Any], mapped: list[bool], params: tuple[Any, ...], size: int) -> Any:
    a, b = values
    if all(mapped):
        return a.bmm(b)
    if mapped[0]:
        return a.reshape((-1, a._data.shape[2])).mm(b).reshape((size, a._data.shape[1], b._data.shape[1]))
    return a.expand((size, *a._data.shape)).bmm(b)


def _bmm(op: Op, values: list[Any], mapped: list[bool], params: tuple[Any, ...], size: int) -> Any:
    a, b = (_spread(v, m, size) for v, m in zip(values, mapped, strict=True))
    (_, n, i, j), (_, _, _, k) = a._data.shape, b._data.shape
    return a.reshape((size * n, i, j)).bmm(b.reshape((size * n, j, k))).reshape((size, n, i, k))


def _mv(op: Op, values: list[Any], mapped: list[bool], params: tuple[Any, ...], size: int) -> Any:
    a, b = values
    if all(mapped):
        return a.bmm(b.unsqueeze(-1)).squeeze(-1)
    return a.matmul(b) if mapped[0] else b.mm(a.t())


def _dot(op: Op, values: list[Any], mapped: list[bool], params: tuple[Any, ...], size: int) -> Any:
    a, b = values
    if op.name == "vdot":
        a = a.conj()
    if all(mapped):
        return a.unsqueeze(1).bmm(b.unsqueeze(-1)).reshape((size,))
    return a.mv(b) if mapped[0] else b.mv(a)


def _added(op: Op, values: list[Any], mapped: list[bool], params: tuple[Any, ...], size: int) -> Any:
    """``addmm`` and its like: the product's rule, and the sum in line."""
    given = dict(zip(op.params, params, strict=True))
    product = OPS[{"addmm": "mm", "addmv": "mv", "baddbmm": "bmm"}[op.name]]
    if any(mapped[1:]):
        made, is_mapped = rule_of(product)(product, values[1:], mapped[1:], (), size), True
    else:
        made, is_mapped = _op.call(product, tuple(values[1:]), ()), False
    if given["alpha"] != 1:
        made = made * given["alpha"]
    if given["beta"] == 0:
        return _spread(made, is_mapped, size)
    addend = values[0] if given["beta"] == 1 else values[0] * given["beta"]
    return in_line(OPS["add"], [made, addend], [is_mapped, mapped[0]], (1,), size)


# ------------------------------------------------------------------------------------------------------------ images


def _fold(value: Any) -> Any:
    shape = value._data.shape
    return value.reshape((shape[0] * shape[1], *shape[2:]))


def _unfold(value: Any, size: int) -> Any:
    shape = value._data.shape
    return value.reshape((size, shape[0] // size, *shape[1:])) if size else value.reshape((0, *shape))


def samples_first(rank: Callable[[Op, dict[str, Any]], int | None], shape: str | None = None) -> Rule:
    """For ops whose operands' first dimension is one of samples, where they have ``rank`` dimensions: the batch is folded into it."""

    def rule(op: Op, values: list[Any], mapped: list[bool], params: tuple[Any, ...], size: int) -> Any:
        given = dict(zip(op.params, params, strict=True))
        expected = rank(op, given)
        if size == 0 or (expected is not None and _rank(values[0], mapped[0]) != expected):
            return each(op, values, mapped, params, size)
        folded = [_fold(_spread(v, m, size)) if isinstance(v, Tensor) else v for v, m in zip(values, mapped, strict=True)]
        if shape is not None:
            given[shape] = (size * given[shape][0], *given[shape][1:])
        made = _op.call(op, tuple(folded), tuple(given[n] for n in op.params))
        return tuple(_unfold(m, size) for m in made) if isinstance(made, tuple) else _unfold(made, size)

    return rule


def _grouped(value: Any, mapped: bool, size: int, batch: int) -> Any:
    """(B, N, C, ...) as (N, B * C, ...): each sample's channels a group of their own."""
    value = _spread(value, mapped, size)
    moved = value.transpose(0, 1)
    shape = moved._data.shape
    return moved.reshape((batch, size * shape[2], *shape[3:]))


def _ungrouped(value: Any, size: int) -> Any:
    shape = value._data.shape
    return value.reshape((shape[0], size, shape[1] // size, *shape[2:])).transpose(0, 1)


def _convolution(op: Op, values: list[Any], mapped: list[bool], params: tuple[Any, ...], size: int) -> Any:
    """``convolution``, its transpose and its derivative by the weight: samples folded where the weights are
    the same, else channels in groups."""
    given = dict(zip(op.params, params, strict=True))
    if size == 0:
        return each(op, values, mapped, params, size)
    if op.name == "conv_weight":
        count = values[0]._data.shape[mapped[0]]
        moved = [_grouped(v, m, size, count) for v, m in zip(values, mapped, strict=True)]
        shape = given["shape"]
        given["shape"], given["groups"] = (size * shape[0], *shape[1:]), given["groups"] * size
        return _op.call(op, tuple(moved), tuple(given[n] for n in op.params)).reshape((size, *shape))
    data, weight, bias = values
    if not mapped[1] and not mapped[2]:
        if op.name == "conv_transpose":
            given["shape"] = (size * given["shape"][0], *given["shape"][1:])
        return _unfold(_op.call(op, (_fold(data), weight, bias), tuple(given[n] for n in op.params)), size)
    weights = _fold(_spread(weight, mapped[1], size))
    biases = None if bias is None else _spread(bias, mapped[2], size).reshape((-1,))
    grouped = _grouped(data, mapped[0], size, data._data.shape[mapped[0]])
    given["groups"] *= size
    if op.name == "conv_transpose":
        shape = given["shape"]
        given["shape"] = (shape[0], size * shape[1], *shape[2:])
    return _ungrouped(_op.call(op, (grouped, weights, biases), tuple(given[n] for n in op.params)), size)


# ------------------------------------------------------------------------------------------------------------ by number


def _group_norm(op: Op, values: list[Any], mapped: list[bool], params: tuple[Any, ...], size: int) -> Any:
    if any(mapped[1:]) or size == 0:
        return each(op, values, mapped, params, size)
    return tuple(_unfold(m, size) for m in _op.call(op, (_fold(values[0]), *values[1:]), params))


def _batch_norm(op: Op, values: list[Any], mapped: list[bool], params: tuple[Any, ...], size: int) -> Any:
    """Each sample's channels are channels of their own."""
    data = _grouped(values[0], mapped[0], size, values[0]._data.shape[mapped[0]])
    others = [None if v is None else _spread(v, m, size).reshape((-1,)) for v, m in zip(values[1:], mapped[1:], strict=True)]
    return tuple(_ungrouped(m, size) for m in _op.call(op, (data, *others), params))


def _index(op: Op, values: list[Any], mapped: list[bool], params: tuple[Any, ...], size: int) -> Any:
    """Reading: the batch's dimension is taken whole, or numbered where the numbers differ from sample to sample."""
    value, *indices = values
    given = [i is not None for i in indices]
    first = given.index(True)
    apart = not all(given[first : len(given) - given[::-1].index(True)])  # their results come first, before the batch
    if not any(mapped[1:]) and not apart:
        return _op.call(op, (value, None, *indices), params)
    if apart or not given[0] or any(i is not None and i.dtype.category == 0 for i in indices) or size == 0:
        return each(op, values, mapped, params, size)
    rank = max(_rank(i, m) for i, m in zip(indices, mapped[1:], strict=True) if i is not None)
    placed = []
    for i, m in zip(indices, mapped[1:], strict=True):
        if m and _rank(i, m) < rank:
            i = i.reshape((size, *(1,) * (rank - _rank(i, m)), *i._data.shape[1:]))
        placed.append(i)
    if not mapped[0]:
        return _op.call(op, (value, *placed), params)
    numbers = value.new_tensor(range(size), dtype=dtypes.int64).reshape((size, *(1,) * rank))
    return _op.call(op, (value, numbers, *placed), params)


def _rows(op: Op, values: list[Any], mapped: list[bool], params: tuple[Any, ...], size: int) -> Any:
    """``embedding``: the tables' rows one after the other, each sample's numbers counted from its own."""
    weight, indices = values
    if not mapped[0]:
        return _op.call(op, (weight, indices), params)
    given = dict(zip(op.params, params, strict=True))
    if given["padding_idx"] != -1 or size == 0:
        return each(op, values, mapped, params, size)
    return _op.call(op, (_fold(weight), _apart(indices, mapped[1], weight._data.shape[1], size)), params)


def _apart(indices: Any, mapped: bool, count: int, size: int) -> Any:
    numbers = _spread(indices, mapped, size)
    first = numbers.new_tensor([i * count for i in range(size)]).reshape((size, *(1,) * (numbers._data.ndim - 1)))
    return numbers + first


def _rows_backward(op: Op, values: list[Any], mapped: list[bool], params: tuple[Any, ...], size: int) -> Any:
    given = dict(zip(op.params, params, strict=True))
    if given["padding_idx"] != -1 or given["scale_grad_by_freq"] or size == 0:
        return each(op, values, mapped, params, size)
    count = given["count"]
    given["count"] = count * size
    grad = _spread(values[0], mapped[0], size)
    made = _op.call(op, (grad, _apart(values[1], mapped[1], count, size)), tuple(given[n] for n in op.params))
    return made.reshape((size, count, made._data.shape[-1]))


def _likelihood(op: Op, values: list[Any], mapped: list[bool], params: tuple[Any, ...], size: int) -> Any:
    """``nll_loss``: of all samples' rows at once, then each sample's sum or mean."""
    (data, target, weight), (reduction, ignore) = values, params
    rank = _rank(data, mapped[0])
    if rank not in (1, 2) or mapped[2] or size == 0:
        return each(op, values, mapped, params, size)
    data, target = _spread(data, mapped[0], size), _spread(target, mapped[1], size)
    if rank == 2:
        data, target = _fold(data), target.reshape((-1,))
    losses = _op.call(op, (data, target, weight, "none", ignore)[:3], ("none", ignore))[0]
    counted = target != ignore
    weights = counted.to(data.dtype) if weight is None else weight[target.where(counted, target * 0)] * counted.to(weight.dtype)
    if rank == 2:
        losses, weights = losses.reshape((size, -1)), weights.reshape((size, -1))
        totals = weights.sum(1)
        if reduction == "none":
            return losses, totals
        losses = losses.sum(1)
    else:
        totals = weights
    return losses / totals if reduction == "mean" else losses, totals


def _likelihood_backward(op: Op, values: list[Any], mapped: list[bool], params: tuple[Any, ...], size: int) -> Any:
    (grad, target, weight, total), (shape, reduction, ignore) = values, params
    if len(shape) not in (1, 2) or mapped[2] or size == 0:
        return each(op, values, mapped, params, size)
    grad, target, total = (_spread(v, m, size) for v, m in ((grad, mapped[0]), (target, mapped[1]), (total, mapped[3])))
    if reduction == "mean":
        grad = grad / total
    if len(shape) == 2:
        if reduction != "none":
            grad = grad.unsqueeze(1).expand((size, shape[0]))
        grad, target = grad.reshape((-1,)), target.reshape((-1,))
    made = _op.call(op, (grad, target, weight, total.sum()), ((grad._data.shape[0], shape[-1]), "none", ignore))
    return made.reshape((size, *shape))


def _unknown_size(op: Op, values: list[Any], mapped: list[bool], params: tuple[Any, ...], size: int) -> Any:
    raise RuntimeError(
        f"vmap: We do not support batching operators that can output dynamic shape. Attempted to vmap over aten::{op.name}. Please file an "
        "issue at https://github.com/pytorch/pytorch/issues if you need this feature."
    )


# ------------------------------------------------------------------------------------------------------------ the table

_DIM, _DIMS = along("dim"), along("dim", whole=True)
_SPATIAL = samples_first(lambda op, given: len(given["kernel"]) + 2)

_NAMED: dict[str, Rule] = {
    **dict.fromkeys(("view", "_reshape_alias", "_unsafe_view"), sized("size")),
    **dict.fromkeys(("transpose", "t"), _transpose),
    **dict.fromkeys(("squeeze", "_squeeze_"), _squeeze),
    **dict.fromkeys(("cat", "stack"), _joined),
    "expand": _expand, "sum_to": _sum_to, "unsqueeze": _unsqueeze, "permute": _permute, "repeat": _same_shapes,
    **dict.fromkeys(("select", "slice", "split", "split_with_sizes", "unbind"), along("dim")),
    **dict.fromkeys(("select_backward", "slice_backward"), along("dim", shapes=("shape",))),
    "diagonal": along("dim1", "dim2"), "diag_embed": _diag_embed, "flip": along("dims"), "unfold": along("dimension"),
    "diagonal_backward": along("dim1", "dim2", shapes=("shape",)),
    **dict.fromkeys(("sum", "nansum", "mean", "var", "std", "var_mean", "std_mean", "vector_norm", "logsumexp", "amax",
                     "amin", "count_nonzero"), _DIMS),
    **dict.fromkeys(("prod", "all", "any", "max_dim", "min_dim", "argmax", "argmin", "sort", "topk", "median_dim", "nanmedian_dim",
                     "kthvalue", "mode", "cumsum", "cumprod", "reversed_cumsum", "logcumsumexp", "cummax", "cummin", "added_along",
                     "picked_along", "softmax", "log_softmax", "safe_softmax", "softmax_backward_data", "log_softmax_backward_data",
                     "chosen", "glu", "gather", "scatter_src", "scatter_value", "scatter_add", "scatter_reduce", "norm_of_rows"), _DIM),
    "value_selecting_reduction_backward": along("dim", shapes=("shape",)),
    "mm": _mm, "bmm": _bmm, "mv": _mv, "dot": _dot, "vdot": _dot, "addmm": _added, "addmv": _added, "baddbmm": _added,
    **dict.fromkeys(("convolution", "conv_transpose", "conv_weight"), _convolution),
    **dict.fromkeys(("tril", "triu", "linalg_inv_ex", "linalg_det", "linalg_slogdet", "linalg_cholesky_ex", "cholesky", "linalg_qr",
                     "linalg_eigh", "linalg_eig", "linalg_svd", "linalg_pinv", "linalg_matrix_exp", "linalg_lu", "linalg_lu_factor_ex",
                     "cholesky_inverse", "geqrf", "constant_pad_nd"), unchanged),
    **dict.fromkeys(("clone", "alias", "to_copy", "conj", "view_as_real", "view_as_complex", "zero"), unchanged),
    **dict.fromkeys(("masked_fill", "fill", "overwrite", "copy"), onto),
    **dict.fromkeys(("complex", "polar", "dropout", "rrelu_with_noise"), in_line),
    "layer_norm": first_only, "group_norm": _group_norm, "batch_norm": _batch_norm, "max_pool": _SPATIAL, "avg_pool": _SPATIAL,
    "avg_unpool": samples_first(lambda op, given: len(given["kernel"]) + 2, "shape"),
    "index": _index, "embedding": _rows, "embedding_dense_backward": _rows_backward,
    "nll_loss": _likelihood, "nll_loss_backward": _likelihood_backward,
    **dict.fromkeys(("nonzero", "masked_select"), _unknown_size),
}  # fmt: skip

for _family in ops.FAMILIES:  # the table names ops of all of them
    import_module(f"{ops.__name__}.{_family}")
RULES: dict[Op, Rule] = {OPS[name]: rule for name, rule in _NAMED.items()}


def rule_of(op: Op) -> Rule:
    """How ``op`` runs on a batch."""
    found = RULES.get(op)
    if found is None:
        found = RULES[op] = in_line if op.form == "pointwise" else each
    return found


_levels.rule_of = rule_of
