"""Multi-head attention (Vaswani et al., 2017)."""

from __future__ import annotations

import math
import warnings
from typing import Any

from .. import creation
from ..ops.pieces import cat
from . import functional as F
from . import init
from .linear import NonDynamicallyQuantizableLinear
from .module import Module
from .parameter import Parameter


def _as_float_mask(mask: Any, name: str, like: Any) -> Any:
    """A mask that is added to the scores: a boolean one says where -inf is added."""
    if mask is None:
        return None
    if mask.dtype.name == "bool":
        return creation.zeros_like(mask, dtype=like.dtype).masked_fill_(mask, -math.inf)
    if not mask.is_floating_point():
        raise AssertionError(f"only bool and floating types of {name} are supported")
    return mask


class MultiheadAttention(Module):
    """Attention of queries (L, N, E) to keys (S, N, kdim) and values (S, N, vdim), in several heads.

    ``batch_first`` puts N first. Gives the outputs, and with ``need_weights`` the attention, averaged over the heads or not.
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(f"embed_dim and num_heads must be greater than 0, got embed_dim={embed_dim} and num_heads={num_heads} instead")
        super().__init__()
        self.embed_dim, self.num_heads, self.dropout, self.batch_first = embed_dim, num_heads, dropout, batch_first
        self.kdim, self.vdim = embed_dim if kdim is None else kdim, embed_dim if vdim is None else vdim
        self._qkv_same_embed_dim = self.kdim == embed_dim and self.vdim == embed_dim
        self.head_dim = embed_dim // num_heads
        if self.head_dim * num_heads != embed_dim:
            raise AssertionError("embed_dim must be divisible by num_heads")

        def empty(*size: int) -> Parameter:
            return Parameter(creation.empty(size, device=device, dtype=dtype))  # type: ignore[no-any-return]

        same = self._qkv_same_embed_dim
        self.register_parameter("in_proj_weight", empty(3 * embed_dim, embed_dim) if same else None)
        for name, size in (("q", embed_dim), ("k", self.kdim), ("v", self.vdim)):
            self.register_parameter(f"{name}_proj_weight", None if same else empty(embed_dim, size))
        self.register_parameter("in_proj_bias", empty(3 * embed_dim) if bias else None)
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias=bias, device=device, dtype=dtype)
        self.register_parameter("bias_k", empty(1, 1, embed_dim) if add_bias_kv else None)
        self.register_parameter("bias_v", empty(1, 1, embed_dim) if add_bias_kv else None)
        self.add_zero_attn = add_zero_attn
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        for weight in (self.in_proj_weight, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
            if weight is not None:
                init.xavier_uniform_(weight)
        if self.in_proj_bias is not None:
            init.zeros_(self.in_proj_bias)
            init.zeros_(self.out_proj.bias)
        for bias in (self.bias_k, self.bias_v):
            if bias is not None:
                init.xavier_normal_(bias)

    # ------------------------------------------------------------------------------------ running

    def _projected(self, query: Any, key: Any, value: Any) -> list[Any]:
        """Queries, keys and values (_, N, E); in one product where they are the same tensor."""
        bias, size = self.in_proj_bias, self.embed_dim
        if not self._qkv_same_embed_dim:
            biases = (None,) * 3 if bias is None else bias.chunk(3)
            weights = (self.q_proj_weight, self.k_proj_weight, self.v_proj_weight)
            return [F.linear(x, w, b) for x, w, b in zip((query, key, value), weights, biases, strict=True)]
        weight = self.in_proj_weight
        if query is key and key is value:
            return self._apart(F.linear(query, weight, bias), 3)
        if key is value:
            w_q, w_kv = weight.split([size, 2 * size])
            b_q, b_kv = (None, None) if bias is None else bias.split([size, 2 * size])
            return [F.linear(query, w_q, b_q), *self._apart(F.linear(key, w_kv, b_kv), 2)]
        biases = (None,) * 3 if bias is None else bias.chunk(3)
        return [F.linear(x, w, b) for x, w, b in zip((query, key, value), weight.chunk(3), biases, strict=True)]

    def _apart(self, joint: Any, count: int) -> list[Any]:
        """The projections that one product made."""
        parts = joint.unflatten(-1, (count, self.embed_dim)).unsqueeze(0).transpose(0, -2).squeeze(-2).contiguous()
        return [parts[i] for i in range(count)]

    def forward(
        self,
        query: Any,
        key: Any,
        value: Any,
        key_padding_mask: Any = None,
        need_weights: bool = True,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Any, Any]:
        """key_padding_mask: (N, S), attn_mask: (L, S) or (N * heads, L, S); True or -inf where not to look."""
        batched = query.dim() == 3
        self._check_dims(query, key, value, key_padding_mask, attn_mask)
        if is_causal and attn_mask is None:
            raise RuntimeError("Need attn_mask if specifying the is_causal hint.")
        moved: dict[int, Any] = {}  # the same tensor stays the same tensor
        for x in (query, key, value):
            if id(x) not in moved:
                moved[id(x)] = (x.transpose(1, 0) if self.batch_first else x) if batched else x.unsqueeze(1)
        query, key, value = (moved[id(x)] for x in (query, key, value))
        if not batched and key_padding_mask is not None:
            key_padding_mask = key_padding_mask.unsqueeze(0)
        key_padding_mask = _as_float_mask(key_padding_mask, "key_padding_mask", query)
        causal = is_causal and key_padding_mask is None and not need_weights
        mask = None if causal else self._checked_mask(_as_float_mask(attn_mask, "attn_mask", query), query, key)
        out, weights = self._attend(query, key, value, key_padding_mask, mask, need_weights, causal)
        if not batched:
            out = out.squeeze(1)
        elif self.batch_first:
            out = out.transpose(1, 0)
        if weights is not None:
            weights = weights.mean(dim=1) if average_attn_weights else weights
            weights = weights if batched else weights.squeeze(0)
        return out, weights

    def _attend(self, query: Any, key: Any, value: Any, padding: Any, mask: Any, need_weights: bool, causal: bool) -> tuple[Any, Any]:
        length, batch, size = query.shape
        heads, each = self.num_heads, self.head_dim
        q, k, v = self._projected(query, key, value)
        if self.bias_k is not None:
            k, v = cat([k, self.bias_k.repeat(1, batch, 1)]), cat([v, self.bias_v.repeat(1, batch, 1)])
            mask, padding = (None if m is None else F.pad(m, (0, 1)) for m in (mask, padding))
        q, k, v = (x.view(x.shape[0], batch * heads, each).transpose(0, 1) for x in (q, k, v))
        if self.add_zero_attn:
            zeros = creation.zeros((batch * heads, 1, each), dtype=k.dtype, device=k.device)
            k, v = cat([k, zeros], 1), cat([v, zeros], 1)
            mask, padding = (None if m is None else F.pad(m, (0, 1)) for m in (mask, padding))
        source = k.size(1)
        if padding is not None:
            padding = padding.view(batch, 1, 1, source).expand(-1, heads, -1, -1).reshape(batch * heads, 1, source)
            mask = padding if mask is None else mask + padding
        dropout = self.dropout if self.training else 0.0
        weights = None
        if need_weights:
            scaled = q * math.sqrt(1.0 / float(each))
            scores = scaled.bmm(k.transpose(-2, -1)) if mask is None else mask.baddbmm(scaled, k.transpose(-2, -1))
            weights = F.softmax(scores, dim=-1)
            if dropout > 0.0:
                weights = F.dropout(weights, p=dropout)
            out = weights.bmm(v).transpose(0, 1).contiguous().view(length * batch, size)
            weights = weights.view(batch, heads, length, source)
        else:
            if mask is not None:
                mask = mask.unsqueeze(0) if mask.size(0) == 1 else mask.view(batch, heads, -1, source)
            q, k, v = q.view(batch, heads, length, each), k.view(batch, heads, source, each), v.view(batch, heads, source, each)
            out = F.scaled_dot_product_attention(q, k, v, mask, dropout, causal)
            out = out.permute(2, 0, 1, 3).contiguous().view(batch * length, size)
        return F.linear(out, self.out_proj.weight, self.out_proj.bias).view(length, batch, size), weights

    def _checked_mask(self, mask: Any, query: Any, key: Any) -> Any:
        if mask is None:
            return None
        length, batch, _ = query.shape
        wanted: tuple[int, ...] = (length, key.size(0))
        if mask.dim() == 2:
            if tuple(mask.shape) != wanted:
                raise RuntimeError(f"The shape of the 2D attn_mask is {mask.shape}, but should be {wanted}.")
            return mask.unsqueeze(0)
        wanted = (batch * self.num_heads, *wanted)
        if tuple(mask.shape) != wanted:
            raise RuntimeError(f"The shape of the 3D attn_mask is {mask.shape}, but should be {wanted}.")
        return mask

    def _check_dims(self, query: Any, key: Any, value: Any, padding: Any, mask: Any) -> None:
        n = query.dim()
        if n not in (2, 3):
            raise AssertionError(f"query should be unbatched 2D or batched 3D tensor but received {n}-D query tensor")
        kind = "batched (3-D)" if n == 3 else "unbatched (2-D)"
        if key.dim() != n or value.dim() != n:
            raise AssertionError(
                f"For {kind} `query`, expected `key` and `value` to be {n}-D but found {key.dim()}-D and {value.dim()}-D tensors "
                "respectively"
            )
        if padding is not None and padding.dim() != n - 1:
            raise AssertionError(
                f"For {kind} `query`, expected `key_padding_mask` to be `None` or {n - 1}-D but found {padding.dim()}-D tensor instead"
            )
        if mask is not None and mask.dim() not in (2, 3):
            raise AssertionError(
                f"For {kind} `query`, expected `attn_mask` to be `None`, 2-D or 3-D but found {mask.dim()}-D tensor instead"
            )
        if query.size(-1) != self.embed_dim:
            raise AssertionError(f"was expecting embedding dimension of {self.embed_dim}, but got {query.size(-1)}")
        if padding is not None and mask is not None and (padding.dtype.name == "bool") != (mask.dtype.name == "bool"):
            warnings.warn(
                "Support for mismatched key_padding_mask and attn_mask is deprecated. Use same type for both instead.", stacklevel=4
            )
