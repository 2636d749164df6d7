"""Attention: scaled dot products of queries with keys choose among values; alone, and with several heads and projections.

It is composed of other ops on the path that PyTorch calls "math"; PyTorch's fused kernels give the same numbers from one node.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

from ..op import Array, op
from ..tensor import Tensor, wrap
from .dropout import dropout
from .kinds import in_single
from .linalg import baddbmm, bmm, linear, matmul
from .pad import pad
from .pieces import cat
from .scalars import times
from .softmax import softmax, softmax_backward_data


@op(
    vjp={"input": lambda g, out, dim: softmax_backward_data(g, out, dim)},
    samples=lambda rand: [(rand(3, 4), -1), (rand(2, 3, 4), 1)],
    node="SafeSoftmaxBackward0",
)
@in_single
def safe_softmax(xp: Any, input: Array, dim: int) -> Array:
    """Softmax along ``dim`` that gives 0, not NaN, where all of a row is minus infinity."""
    if not input.size:
        return xp.zeros_like(input)
    most = input.max(axis=dim, keepdims=True)
    nothing = most == -math.inf
    powers = xp.exp(input - xp.where(nothing, xp.zeros_like(most), most))
    total = powers.sum(axis=dim, keepdims=True)
    return powers / xp.where(nothing, xp.ones_like(total), total)


def _causal(queries: int, keys: int, like: Tensor) -> Tensor:
    """A mask to add: minus infinity where a key comes after its query."""
    xp = like._xp
    later = xp.arange(keys)[None, :] > xp.arange(queries)[:, None]
    return wrap(xp.where(later, xp.asarray(-math.inf, like._data.dtype), xp.asarray(0, like._data.dtype)))


def _added(mask: Tensor, kind: Any) -> Tensor:
    """A mask of booleans (True takes part) as one to add; others as they are."""
    if mask._data.dtype.kind != "b":
        return mask
    xp = mask._xp
    return wrap(xp.where(mask._data, xp.asarray(0, kind), xp.asarray(-math.inf, kind)))


def _check_attention(query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None, is_causal: bool) -> None:
    if not query.dtype is key.dtype is value.dtype:
        raise RuntimeError(
            "Expected query, key, and value to have the same dtype, but got query.dtype: "
            f"{query.dtype.name} key.dtype: {key.dtype.name} and value.dtype: {value.dtype.name} instead."
        )
    if query.ndim < 2 or key.ndim < 2 or value.ndim < 2:
        raise RuntimeError(
            "Expected query, key, and value to all be  at least 2 dimensional, but got query.dim(): "
            f"{query.ndim}, key.dim(): {key.ndim} and value.dim(): {value.ndim} instead."
        )
    if attn_mask is None:
        return
    if attn_mask._data.dtype.kind != "b" and attn_mask.dtype is not query.dtype:
        raise RuntimeError(
            "Expected attn_mask dtype to be bool or float or to match query dtype, but got attn_mask.dtype: "
            f"{attn_mask.dtype.name} and  query.dtype: {query.dtype.name} instead."
        )
    if is_causal:
        raise RuntimeError("_scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True")


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Any:
    """``softmax(query @ key^T * scale + mask) @ value`` of (..., L, E), (..., S, E) and (..., S, V) (Vaswani et al., 2017).

    ``attn_mask`` is added, or True where a key takes part; ``is_causal`` lets a query see no later keys. ``enable_gqa`` repeats heads
    (dimension -3) of keys and values to those of queries. Raises RuntimeError for types and masks that do not fit.
    """
    _check_attention(query, key, value, attn_mask, is_causal)
    root = math.sqrt(1.0 / math.sqrt(query.shape[-1]) if scale is None else abs(scale))  # half for each: keeps numbers small
    sign = -1.0 if scale is not None and scale < 0 else 1.0
    if is_causal:
        attn_mask = _causal(query.shape[-2], key.shape[-2], query)
    elif attn_mask is not None:
        attn_mask = _added(attn_mask, query._data.dtype)
    if enable_gqa:
        key, value = (_repeated_heads(t, query.shape[-3]) for t in (key, value))
    scores = matmul(times(query, root * sign), times(key.transpose(-2, -1), root))
    if attn_mask is not None:
        scores = scores + attn_mask
    shares = safe_softmax(scores, -1)
    if dropout_p > 0.0:
        shares = dropout(shares, dropout_p)
    return matmul(shares, value)


def _repeated_heads(t: Tensor, heads: int) -> Any:
    if heads == t.shape[-3]:
        return t
    if not t.shape[-3] or heads % t.shape[-3]:
        raise RuntimeError(f"Number of heads in key and value must divide the number of heads in query: {t.shape[-3]} and {heads}")
    return t.repeat_interleave(heads // t.shape[-3], -3)


# ------------------------------------------------------------------------------------------------------ of several heads


def _demand(holds: bool, message: str) -> None:
    """PyTorch's checks of this function are AssertionErrors."""
    if not holds:
        raise AssertionError(message)


def _check_shapes(query: Tensor, key: Tensor, value: Tensor, padding: Tensor | None, mask: Tensor | None, heads: int) -> bool:
    """Whether there is a batch."""
    _demand(query.ndim in (2, 3), f"query should be unbatched 2D or batched 3D tensor but received {query.ndim}-D query tensor")
    batched = query.ndim == 3
    whom = f"For {'batched' if batched else 'unbatched'} ({query.ndim}-D) `query`, expected"
    _demand(
        key.ndim == query.ndim and value.ndim == query.ndim,
        f"{whom} `key` and `value` to be {query.ndim}-D but found {key.ndim}-D and {value.ndim}-D tensors respectively",
    )
    if padding is not None:
        _demand(
            padding.ndim == query.ndim - 1,
            f"{whom} `key_padding_mask` to be `None` or {query.ndim - 1}-D but found {padding.ndim}-D tensor instead",
        )
    if mask is not None:
        _demand(mask.ndim in (2, 3), f"{whom} `attn_mask` to be `None`, 2-D or 3-D but found {mask.ndim}-D tensor instead")
        if not batched and mask.ndim == 3:
            wanted = (heads, query.shape[0], key.shape[0])
            _demand(tuple(mask.shape) == wanted, f"Expected `attn_mask` shape to be {wanted} but got {mask.shape}")
    return batched


def _as_added(mask: Tensor | None, name: str, kind: Any, other: Tensor | None) -> Tensor | None:
    """A mask of booleans (here True hides) as one to add."""
    if mask is None:
        return None
    boolean = mask._data.dtype.kind == "b"
    _demand(boolean or mask.dtype.is_floating_point, f"only bool and floating types of {name} are supported")
    if other is not None and other.dtype is not mask.dtype:
        warnings.warn(
            f"Support for mismatched {name} and attn_mask is deprecated. Use same type for both instead.", UserWarning, stacklevel=3
        )
    return _added(~mask, kind) if boolean else mask


def _apart(projected: Tensor, count: int, width: int) -> Any:
    """Projections that were computed together, one after the other in memory."""
    return projected.unflatten(-1, (count, width)).unsqueeze(0).transpose(0, -2).squeeze(-2).contiguous()


def _projected(query: Tensor, key: Tensor, value: Tensor, weight: Tensor, bias: Tensor | None) -> tuple[Any, Any, Any]:
    """Queries, keys and values by one weight (3 E, E): together where they come from the same tensor."""
    width = query.shape[-1]
    if key is value and query is key:
        both = _apart(linear(query, weight, bias), 3, width)
        return both[0], both[1], both[2]
    if key is value:
        first, rest = weight.split([width, width * 2])
        bias_first, bias_rest = (None, None) if bias is None else bias.split([width, width * 2])
        mine = linear(query, first, bias_first)
        both = _apart(linear(key, rest, bias_rest), 2, width)
        return mine, both[0], both[1]
    weights = weight.chunk(3)
    biases = (None, None, None) if bias is None else bias.chunk(3)
    made = [linear(t, w, b) for t, w, b in zip((query, key, value), weights, biases, strict=True)]
    return made[0], made[1], made[2]


def _projected_apart(
    query: Tensor, key: Tensor, value: Tensor, weights: tuple[Tensor | None, ...], bias: Tensor | None
) -> tuple[Any, Any, Any]:
    """Queries, keys and values by a weight each."""
    for name, weight in zip("qkv", weights, strict=True):
        _demand(weight is not None, f"use_separate_proj_weight is True but {name}_proj_weight is None")
    biases = (None, None, None) if bias is None else bias.chunk(3)
    made = [linear(t, w, b) for t, w, b in zip((query, key, value), weights, biases, strict=True)]  # type: ignore[arg-type]
    return made[0], made[1], made[2]


def _check_mask(mask: Tensor, batch: int, heads: int, queries: int, keys: int) -> Tensor:
    """The mask with a dimension for batch and heads in front."""
    if mask.ndim == 2:
        if tuple(mask.shape) != (queries, keys):
            raise RuntimeError(f"The shape of the 2D attn_mask is {mask.shape}, but should be {(queries, keys)}.")
        return mask.unsqueeze(0)  # type: ignore[no-any-return]
    if tuple(mask.shape) != (batch * heads, queries, keys):
        raise RuntimeError(f"The shape of the 3D attn_mask is {mask.shape}, but should be {(batch * heads, queries, keys)}.")
    return mask


def _one_more(*masks: Tensor | None) -> list[Any]:
    """The masks with room for one more key, which they let through."""
    return [None if mask is None else pad(mask, (0, 1)) for mask in masks]


def multi_head_attention_forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Any, Any]:
    """Attention with several heads (Vaswani et al., 2017, section 3.2.2) of (L, N, E), (S, N, E) and (S, N, E), or without N.

    Gives (L, N, E) and, with ``need_weights``, the weights (N, L, S), averaged over heads or not. Masks of booleans hide where
    they are True, others are added. Raises AssertionError and RuntimeError for shapes that do not fit.
    """
    batched = _check_shapes(query, key, value, key_padding_mask, attn_mask, num_heads)
    if not batched:
        query, key, value = _with_batch(query, key, value)
        key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
    queries, batch, width = query.shape
    kind = query._data.dtype
    padding = _as_added(key_padding_mask, "key_padding_mask", kind, attn_mask)
    if is_causal and attn_mask is None:
        raise RuntimeError(
            "Need attn_mask if specifying the is_causal hint. You may use the Transformer module method "
            "`generate_square_subsequent_mask` to create this mask."
        )
    if is_causal and padding is None and not need_weights:
        mask = None  # the hint says it all
    else:
        mask = _as_added(attn_mask, "attn_mask", kind, None)
        is_causal = is_causal and padding is None
    _demand(width == embed_dim_to_check, f"was expecting embedding dimension of {embed_dim_to_check}, but got {width}")
    _demand(width % num_heads == 0, f"embed_dim {width} not divisible by num_heads {num_heads}")
    if use_separate_proj_weight:
        lengths, others = key.shape[:2], value.shape[:2]
        _demand(lengths == others, f"key's sequence and batch dims {lengths} do not match value's {others}")
        q, k, v = _projected_apart(query, key, value, (q_proj_weight, k_proj_weight, v_proj_weight), in_proj_bias)
    else:
        _demand(key.shape == value.shape, f"key shape {key.shape} does not match value shape {value.shape}")
        _demand(in_proj_weight is not None, "use_separate_proj_weight is False but in_proj_weight is None")
        assert in_proj_weight is not None
        q, k, v = _projected(query, key, value, in_proj_weight, in_proj_bias)
    if mask is not None:
        mask = _check_mask(mask, batch, num_heads, queries, key.shape[0])
    if bias_k is not None and bias_v is not None:
        _demand(static_k is None, "bias cannot be added to static key.")
        _demand(static_v is None, "bias cannot be added to static value.")
        k, v = cat([k, bias_k.repeat(1, batch, 1)]), cat([v, bias_v.repeat(1, batch, 1)])
        mask, padding = _one_more(mask, padding)
    else:
        _demand(bias_k is None, "bias_k is set but bias_v is None")
        _demand(bias_v is None, "bias_v is set but bias_k is None")
    heads, size = batch * num_heads, width // num_heads
    q = q.view(queries, heads, size).transpose(0, 1)
    k = k.view(k.shape[0], heads, size).transpose(0, 1) if static_k is None else _fixed("k", static_k, heads, size)
    v = v.view(v.shape[0], heads, size).transpose(0, 1) if static_v is None else _fixed("v", static_v, heads, size)
    if add_zero_attn:
        k, v = (cat([t, t.new_zeros((heads, 1, size))], 1) for t in (k, v))
        mask, padding = _one_more(mask, padding)
    keys = k.shape[1]
    if padding is not None:
        if tuple(padding.shape) != (batch, keys):
            raise AssertionError(f"expecting key_padding_mask shape of {(batch, keys)}, but got {padding.shape}")
        padding = padding.view(batch, 1, 1, keys).expand(-1, num_heads, -1, -1).reshape(heads, 1, keys)
        mask = padding if mask is None else mask + padding
    p = dropout_p if training else 0.0
    if need_weights:
        _demand(not (is_causal and mask is None), "is_causal is not supported with need_weights: give the mask")
        made, weights = _weighted(q, k, v, mask, p)
        made = made.transpose(0, 1).reshape(queries * batch, width)
    else:
        weights = None
        if mask is not None:
            mask = mask.unsqueeze(0) if mask.shape[0] == 1 and mask.ndim == 3 else mask.view(batch, num_heads, -1, keys)
        q, k, v = (t.view(batch, num_heads, -1, size) for t in (q, k, v))
        made = scaled_dot_product_attention(q, k, v, mask, p, is_causal)
        made = made.permute(2, 0, 1, 3).reshape(batch * queries, width)
    made = linear(made, out_proj_weight, out_proj_bias)
    made = made.view(queries, batch, made.shape[1])
    if weights is not None:
        weights = weights.view(batch, num_heads, queries, keys)
        weights = weights.mean(dim=1) if average_attn_weights else weights
    if batched:
        return made, weights
    return made.squeeze(1), None if weights is None else weights.squeeze(0)


def _with_batch(query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """As a batch of one; the three stay different tensors even where they were the same, as in PyTorch."""
    return query.unsqueeze(1), key.unsqueeze(1), value.unsqueeze(1)


def _fixed(name: str, given: Tensor, heads: int, size: int) -> Tensor:
    _demand(given.shape[0] == heads, f"expecting static_{name}.size(0) of {heads}, but got {given.shape[0]}")
    _demand(given.shape[2] == size, f"expecting static_{name}.size(2) of {size}, but got {given.shape[2]}")
    return given


def _weighted(q: Any, k: Any, v: Any, mask: Any, p: float) -> tuple[Any, Any]:
    """The values that the queries choose, and the shares of each."""
    scaled, across = q * math.sqrt(1.0 / float(q.shape[-1])), k.transpose(-2, -1)
    scores = bmm(scaled, across) if mask is None else baddbmm(mask, scaled, across)
    shares = softmax(scores, -1)
    if p > 0.0:
        shares = dropout(shares, p)
    return bmm(shares, v), shares


FUNCTIONAL = {
    "multi_head_attention_forward": multi_head_attention_forward, "scaled_dot_product_attention": scaled_dot_product_attention,
}  # fmt: skip
