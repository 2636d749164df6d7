"""Autocast regions and GradScaler: the types that functions run in, what is shared, what is scaled and skipped, as PyTorch's."""

from __future__ import annotations

import warnings
from typing import Any

import numpy
import pytest
import torch

import gradstep.engine as gs
import gradstep.engine.nn as gs_nn

from .logs import Say, same_story

random = numpy.random.default_rng(4)
ARRAYS = {
    "x": random.standard_normal((3, 4)), "y": random.standard_normal((3, 4)), "w": random.standard_normal((4, 4)),
    "v": random.standard_normal(4), "b": random.standard_normal((2, 3, 4)), "c": random.standard_normal((2, 3, 4)),
    "i": random.standard_normal((2, 3, 6, 6)), "k": random.standard_normal((4, 3, 3, 3)), "s": random.standard_normal((2, 3, 6)),
    "u": random.standard_normal((4, 3, 3)), "q": random.standard_normal((1, 2, 4, 4, 4)), "p": random.uniform(0.1, 0.9, (3, 4)),
}  # fmt: skip

# PyTorch code over float tensors x, y, p (3, 4), w (4, 4), v (4), b, c (2, 3, 4), images i with kernel k, signals s with kernel u,
# volume q, and the classes t
FUNCTIONS = """
x @ w|T.mm(x, w)|T.bmm(b, c.mT)|T.matmul(b, w)|F.linear(x, w, v)|T.addmm(v, x, w)|T.baddbmm(b @ w, b, w.expand(2, 4, 4))
T.addbmm(x, b.mT.mT, w.expand(2, 4, 4))
T.mv(x, v)|x @ v|T.dot(v, v)|T.einsum("ij,kj->ik", x, y)|T.tensordot(x, w, 1)|T.outer(v, v)|F.conv2d(i, k)|F.conv2d(i, k, v)|F.conv1d(s, u)
F.conv_transpose1d(s, u.transpose(0, 1))|F.conv_transpose2d(i, k.transpose(0, 1))|F.conv3d(q, q)|F.prelu(x, v)
F.scaled_dot_product_attention(b, c, c)|F.relu(x)|x + y|x.softmax(1)|F.log_softmax(x, 1)|F.gelu(x)|F.layer_norm(x, (4,))|x.sum()|x.exp()
F.batch_norm(i, None, None, training=True)|F.group_norm(i, 3)|F.cross_entropy(x, t)|F.nll_loss(x, t)|F.mse_loss(x, y)|F.l1_loss(x, y)
F.smooth_l1_loss(x, y)|F.huber_loss(x, y)|F.kl_div(x, p)|F.binary_cross_entropy(p, p)|F.binary_cross_entropy_with_logits(x, p)
F.poisson_nll_loss(x, p)|F.soft_margin_loss(x, y)|F.hinge_embedding_loss(x, y)|F.cosine_embedding_loss(x, y, t.float().sign())
F.margin_ranking_loss(x, y, p)|F.triplet_margin_loss(x, y, p)|F.multi_margin_loss(x, t)|F.gaussian_nll_loss(x, y, p)
F.adaptive_avg_pool3d(q, 2)|F.avg_pool3d(q, 2)|F.avg_pool2d(i, 2)|F.max_pool2d(i, 2)|F.pad(x, (1, 1), mode="reflect")
F.pad(x, (1, 1), mode="replicate")|F.pad(x, (1, 1))|F.interpolate(i, scale_factor=2)|T.trace(w)|x.prod()|x.prod(1)|x.norm()|x.std()
T.cdist(x, y)|F.embedding(t, w)|T.cat([x, x @ w])|T.stack([x, x @ w])|(x @ w) + y|(x @ w) * v|T.where(x > 0, x @ w, y)
F.cosine_similarity(x, y)|F.normalize(x)|x.cumsum(1)|x.var()|F.dropout(x, 0.0)|F.bilinear(x, y, b.new_ones(2, 4, 4))
"""
CALLS = [code for line in FUNCTIONS.strip().splitlines() for code in line.split("|")]


def typed(T: Any, nn: Any, code: str, kind: str, region: Any) -> tuple[Any, ...]:
    """What a call gives in a region, for inputs of that type: the types and the numbers, or that it is refused."""
    names = {n: T.tensor(a, dtype=getattr(T, kind)) for n, a in ARRAYS.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with T.autocast("cpu", dtype=region):
                made = eval(code, {"T": T, "F": nn.functional, "t": T.tensor([1, 0, 3]), **names})
        except (RuntimeError, NotImplementedError):
            return "refused", None
    return str(made.dtype), made.detach().double().numpy()


@pytest.mark.parametrize("kind", ["float32", "bfloat16"])
@pytest.mark.parametrize("code", CALLS)
def test_a_function_runs_in_the_type_that_pytorch_chooses(code: str, kind: str) -> None:
    mine, other = typed(gs, gs_nn, code, kind, gs.bfloat16), typed(torch, torch.nn, code, kind, torch.bfloat16)
    if other[0] == "refused" and mine[0] != "refused":
        pytest.skip("PyTorch has no kernel for that")
    assert mine[0] == other[0]
    size = numpy.abs(other[1]).max()
    numpy.testing.assert_allclose(mine[1], other[1], rtol=2**-6, atol=2**-7 * size)


def test_float64_and_integers_pass_as_they_are() -> None:
    def program(T: Any, say: Say) -> None:
        with T.autocast("cpu"):
            say((T.ones(2, 2).double() @ T.ones(2, 2).double()).dtype, (T.ones(2, 2).long() @ T.ones(2, 2).long()).dtype)
            T.ones(2, 2) @ T.ones(2, 2).double()

    same_story(program)


def test_regions_nest_and_are_restored() -> None:
    def program(T: Any, say: Say) -> None:
        a = T.ones(2, 2)

        def now() -> tuple[Any, ...]:
            return T.is_autocast_enabled("cpu"), T.get_autocast_dtype("cpu"), (a @ a).dtype, T.is_autocast_cache_enabled()

        say(now())
        with T.autocast("cpu"):
            say(now())
            with T.autocast("cpu", dtype=T.float16):
                say(now())
            with T.autocast("cpu", enabled=False, cache_enabled=False):
                say(now())
                with T.autocast("cpu"):
                    say(now())
            try:
                with T.amp.autocast("cpu", T.float16):
                    raise ValueError("no")
            except ValueError:
                say(now())
        say(now())
        T.set_autocast_enabled("cpu", True)
        T.set_autocast_dtype("cpu", T.float16)
        say(now())
        T.set_autocast_enabled("cpu", False)
        T.set_autocast_dtype("cpu", T.bfloat16)
        say(now())

        @T.autocast("cpu")
        def inside(b: Any) -> Any:
            return b @ b

        say(inside(a).dtype, inside.__name__)

    same_story(program)


def test_a_parameter_is_cast_once_in_a_region_and_its_gradient_is_its_own_type() -> None:
    def program(T: Any, say: Say) -> None:
        w = T.ones(2, 2, requires_grad=True)
        x = T.ones(3, 2)
        with T.autocast("cpu"):
            first, second = x @ w, x @ w
            say(first.grad_fn, [edge[0] for edge in first.grad_fn.next_functions])
            say(first.grad_fn.next_functions[1][0] is second.grad_fn.next_functions[1][0])
            view = x @ w.t()
            say(view.grad_fn.next_functions[1][0], view.grad_fn.next_functions[1][0].next_functions[0][0])
            loss = T.nn.functional.mse_loss(first, second.detach()) + view.float().sum()
            say(loss)
        loss.backward()
        say(w.grad)
        with T.autocast("cpu"):
            say((x @ w).grad_fn.next_functions[1][0] is first.grad_fn.next_functions[1][0])
        with T.autocast("cpu"):
            with T.no_grad():
                say((x @ w).requires_grad)
            say((x @ w).requires_grad)
        with T.autocast("cpu", cache_enabled=False):
            say((x @ w).grad_fn.next_functions[1][0] is (x @ w).grad_fn.next_functions[1][0])

    same_story(program)


def test_what_is_wrong_is_said_in_pytorchs_words() -> None:
    def program(T: Any, say: Say) -> None:
        with T.autocast("cpu", dtype=T.float64):
            say((T.ones(2, 2) @ T.ones(2, 2)).dtype)
        for make in (
            lambda: T.autocast(3),
            lambda: T.autocast("foo"),
            lambda: T.autocast("cpu")(3),
            lambda: T.amp.custom_fwd(device_type=1),
            lambda: T.amp.is_autocast_available("foo"),
        ):
            try:
                make()
            except Exception as error:
                say(error)
        say(T.amp.is_autocast_available("cpu"), T.amp.is_autocast_available("cuda"))

    same_story(program)


def test_functions_run_backward_as_they_ran_forward() -> None:
    def program(T: Any, say: Say) -> None:
        class Product(T.autograd.Function):  # type: ignore[misc]
            @staticmethod
            @T.amp.custom_fwd(device_type="cpu")
            def forward(ctx: Any, a: Any, b: Any) -> Any:
                ctx.save_for_backward(a, b)
                made = a @ b
                say("forward", a.dtype, made.dtype)
                return made

            @staticmethod
            @T.amp.custom_bwd(device_type="cpu")
            def backward(ctx: Any, g: Any) -> Any:
                a, b = ctx.saved_tensors
                say("backward", T.is_autocast_enabled("cpu"), g.dtype, (a @ b).dtype)
                return g @ b.t(), a.t() @ g

        class Single(Product):
            @staticmethod
            @T.amp.custom_fwd(device_type="cpu", cast_inputs=T.float32)
            def forward(ctx: Any, a: Any, b: Any) -> Any:
                ctx.save_for_backward(a, b)
                say("forward", a.dtype, (a @ b).dtype, T.is_autocast_enabled("cpu"))
                return a @ b

        a = T.ones(2, 2, requires_grad=True)
        for kind in (Product, Single):
            for region in (True, False):
                with T.autocast("cpu", enabled=region):
                    made = kind.apply(a, a.bfloat16() if region and kind is Single else a)
                made.sum().backward()
                say(a.grad)
                a.grad = None

    same_story(program)


def test_a_scaler_scales_unscales_skips_and_adapts() -> None:
    def program(T: Any, say: Say) -> None:
        w = T.tensor([1.0, 2.0], requires_grad=True)
        optimizer = T.optim.SGD([w], lr=0.5)
        scaler = T.amp.GradScaler("cpu", init_scale=8.0, growth_interval=2)
        say(scaler.get_scale(), scaler.is_enabled(), scaler.state_dict())
        for factor in (1.0, float("inf"), 1.0, 1.0, float("nan"), 2.0):
            optimizer.zero_grad()
            loss = (w * w).sum() * factor
            scaled = scaler.scale(loss)
            say(scaled.detach().nan_to_num(-1))
            scaled.backward()
            if factor == 2.0:
                scaler.unscale_(optimizer)
            say(w.grad.nan_to_num(-1))
            say(scaler.step(optimizer))
            say(w.grad.nan_to_num(-1), w)
            scaler.update()
            say(scaler.get_scale(), scaler.state_dict())
        say(scaler.scale([w, (w, w)]))
        other = T.amp.GradScaler("cpu")
        other.load_state_dict(scaler.state_dict())
        say(other.get_scale(), other.state_dict(), other.get_growth_factor(), other.get_backoff_factor(), other.get_growth_interval())
        scaler.update(3.0)
        say(scaler.get_scale())
        scaler.update(T.tensor(4.0))
        say(scaler.get_scale())

    same_story(program)


def test_a_scaler_refuses_in_pytorchs_words() -> None:
    def program(T: Any, say: Say) -> None:
        w = T.tensor([1.0, 2.0], requires_grad=True)
        optimizer = T.optim.SGD([w], lr=0.5)
        scaler = T.amp.GradScaler("cpu")

        def tell(call: Any) -> None:
            try:
                say(call())
            except Exception as error:
                say(error)

        tell(scaler.update)
        tell(lambda: scaler.unscale_(optimizer))
        scaler.scale(w.sum()).backward()
        tell(scaler.update)
        scaler.unscale_(optimizer)
        tell(lambda: scaler.unscale_(optimizer))
        tell(lambda: scaler.step(optimizer, closure=lambda: None))
        scaler.step(optimizer)
        tell(lambda: scaler.unscale_(optimizer))
        tell(lambda: scaler.step(optimizer))
        tell(lambda: scaler.scale(3))
        tell(lambda: scaler.load_state_dict({}))
        tell(lambda: T.amp.GradScaler("cpu", growth_factor=1.0))
        tell(lambda: T.amp.GradScaler("cpu", backoff_factor=1.0))
        off = T.amp.GradScaler("cpu", enabled=False)
        say(off.scale(3), off.get_scale(), off.state_dict(), off.is_enabled())
        off.step(optimizer)
        off.update()
        half = T.ones(2, dtype=T.float16, requires_grad=True)
        optimizer = T.optim.SGD([half], lr=0.5)
        scaler = T.amp.GradScaler("cpu", init_scale=2.0)
        scaler.scale(half.sum()).backward()
        tell(lambda: scaler.step(optimizer))
        empty = T.amp.GradScaler("cpu", init_scale=2.0)
        empty.scale(w.sum())
        w.grad = None
        tell(lambda: empty.step(T.optim.SGD([w], lr=0.5)))

    same_story(program)
