"""Attention against PyTorch: values, graphs, gradients, masks, dropout and errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy
import pytest

from .compare import agree, fail_alike, functional

torch = pytest.importorskip("torch")

random = numpy.random.default_rng(3)


def normal(*shape: int) -> Any:
    return random.standard_normal(shape)


def both(program: Callable[..., Any], *arrays: Any, graphs: bool = True) -> None:
    """In double and in single precision; other strides make other reshapes of what is the same graph."""
    agree(program, *arrays, rtol=1e-10, graphs=graphs)
    agree(program, *(a.astype("float32") if a.dtype == "float64" else a for a in arrays), rtol=3e-5, graphs=graphs)


def hidden(shape: tuple[int, ...]) -> Any:
    mask = random.random(shape) < 0.4
    mask[..., 0] = False
    return mask


@pytest.mark.parametrize("lead", [(2,), (2, 3), ()], ids=str)
@pytest.mark.parametrize("p", [0.0, 0.4])
def test_scaled_dot_products(lead: tuple[int, ...], p: float) -> None:
    arrays = normal(*lead, 3, 4), normal(*lead, 5, 4), normal(*lead, 5, 6)

    def attend(T: Any, q: Any, k: Any, v: Any, **options: Any) -> Any:
        T.manual_seed(3)
        return functional(T).scaled_dot_product_attention(q, k, v, dropout_p=p, **options)

    fused = len(lead) == 2 and p == 0  # PyTorch takes one kernel for it
    both(attend, *arrays, graphs=not fused)
    both(lambda T, q, k, v: attend(T, q, k, v, is_causal=True), *arrays, graphs=not fused)
    both(lambda T, q, k, v: attend(T, q, k, v, scale=0.3), *arrays, graphs=not fused)
    both(lambda T, q, k, v, m: attend(T, q, k, v, attn_mask=~m), *arrays, hidden((3, 5)), graphs=not fused)
    both(lambda T, q, k, v, m: attend(T, q, k, v, attn_mask=m), *arrays, normal(3, 5), graphs=not fused)


def test_a_query_that_sees_nothing_gets_nothing() -> None:
    mask = numpy.ones((3, 5), bool)
    mask[1] = False
    both(
        lambda T, q, k, v, m: functional(T).scaled_dot_product_attention(q, k, v, m),
        normal(2, 3, 4),
        normal(2, 5, 4),
        normal(2, 5, 6),
        mask,
    )


def test_heads_in_groups() -> None:
    both(
        lambda T, q, k, v, m: functional(T).scaled_dot_product_attention(q, k, v, m, enable_gqa=True),
        normal(2, 4, 3, 4), normal(2, 2, 5, 4), normal(2, 2, 5, 6), normal(3, 5), graphs=False,
    )  # fmt: skip


@pytest.mark.parametrize("which", ["self", "decoder", "apart", "separate"])
@pytest.mark.parametrize("batched", [True, False])
@pytest.mark.parametrize("weights", [True, False])
@pytest.mark.parametrize("masked", ["", "mask", "padding", "both", "causal"])
@pytest.mark.parametrize("extra", [False, True])
def test_several_heads(which: str, batched: bool, weights: bool, masked: str, extra: bool) -> None:
    batch, width, heads = 3 if batched else 1, 6, 2
    queries = 4
    keys = queries if which == "self" else 5
    lead = (batch,) if batched else ()
    mask = hidden((queries, keys))
    padding = hidden((*lead, keys))

    def program(T: Any, q: Any, k: Any, v: Any, w: Any, b: Any, ow: Any, ob: Any, bk: Any, bv: Any, m: Any, pm: Any) -> Any:
        T.manual_seed(3)
        source = {"self": (q, q, q), "decoder": (q, k, k), "apart": (q, k, v), "separate": (q, k, v)}[which]
        options: dict[str, Any] = {}
        if which == "separate":
            options = {"use_separate_proj_weight": True}
            options |= {f"{name}_proj_weight": part for name, part in zip("qkv", w.chunk(3), strict=True)}
        if masked in ("mask", "both", "causal"):
            options["attn_mask"] = m
        if masked in ("padding", "both"):
            options["key_padding_mask"] = pm
        if masked == "causal":
            later = T.ones(queries, keys, dtype=T.bool).triu(1)
            options |= {"attn_mask": later, "is_causal": not weights}
        made = functional(T).multi_head_attention_forward(
            *source, width, heads, None if which == "separate" else w, b, bk if extra else None, bv if extra else None, extra,
            0.3 if weights else 0.0, ow, ob, need_weights=weights, average_attn_weights=not extra, **options,
        )  # fmt: skip
        return [t for t in made if t is not None]

    agree(
        program, normal(queries, *lead, width), normal(keys, *lead, width), normal(keys, *lead, width), normal(3 * width, width),
        normal(3 * width), normal(width, width), normal(width), normal(1, 1, width), normal(1, 1, width), mask, padding,
        graphs=weights, rtol=1e-10,
    )  # fmt: skip


@pytest.mark.parametrize(
    "program",
    [
        lambda T, F, z: F.scaled_dot_product_attention(z(3), z(3), z(3)),
        lambda T, F, z: F.scaled_dot_product_attention(z(2, 3, 4), z(2, 3, 4).double(), z(2, 3, 4)),
        lambda T, F, z: F.scaled_dot_product_attention(z(2, 3, 4), z(2, 3, 4), z(2, 3, 4), z(3, 3), is_causal=True),
        lambda T, F, z: F.scaled_dot_product_attention(z(2, 3, 4), z(2, 3, 4), z(2, 3, 4), z(3, 3).double()),
        lambda T, F, z: heads(F, z(4), z(4), z(4), z),
        lambda T, F, z: heads(F, z(3, 1, 4), z(3, 4), z(3, 4), z),
        lambda T, F, z: heads(F, z(3, 1, 4), z(3, 1, 4), z(2, 1, 4), z),
        lambda T, F, z: heads(F, z(3, 1, 4), z(3, 1, 4), z(3, 1, 4), z, embed=5),
        lambda T, F, z: heads(F, z(3, 1, 4), z(3, 1, 4), z(3, 1, 4), z, heads=3),
        lambda T, F, z: heads(F, z(3, 1, 4), z(3, 1, 4), z(3, 1, 4), z, attn_mask=z(2, 2)),
        lambda T, F, z: heads(F, z(3, 1, 4), z(3, 1, 4), z(3, 1, 4), z, attn_mask=z(9, 2, 2)),
        lambda T, F, z: heads(F, z(3, 1, 4), z(3, 1, 4), z(3, 1, 4), z, attn_mask=z(2)),
        lambda T, F, z: heads(F, z(3, 1, 4), z(3, 1, 4), z(3, 1, 4), z, attn_mask=z(3, 3).long()),
        lambda T, F, z: heads(F, z(3, 1, 4), z(3, 1, 4), z(3, 1, 4), z, key_padding_mask=z(2)),
        lambda T, F, z: heads(F, z(3, 1, 4), z(3, 1, 4), z(3, 1, 4), z, is_causal=True),
        lambda T, F, z: heads(F, z(3, 1, 4), z(3, 1, 4), z(3, 1, 4), z, use_separate_proj_weight=True),
    ],
)
def test_errors_are_the_same(program: Callable[..., Any]) -> None:
    fail_alike(lambda T: program(T, functional(T), T.zeros), words=30)


def heads(F: Any, q: Any, k: Any, v: Any, z: Any, embed: int = 4, heads: int = 2, **options: Any) -> Any:
    return F.multi_head_attention_forward(q, k, v, embed, heads, z(12, 4), z(12), None, None, False, 0.0, z(4, 4), z(4), **options)
