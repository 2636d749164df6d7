"""Element types: the table, limits, promotion and casts, and what half precision and unsigned words give and refuse, as PyTorch's."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch

import gradstep.engine as gs

from .logs import Say, first_line, same_story

KINDS = (
    "bool", "uint8", "int8", "int16", "int32", "int64", "uint16", "uint32", "uint64", "float16", "bfloat16", "float32", "float64",
    "complex32", "complex64", "complex128",
)  # fmt: skip


def outcome(call: Any) -> str:
    """What a call gives, or the first line of its error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return str(call())
        except Exception as error:
            return f"{type(error).__name__}: {first_line(str(error))}"


@pytest.mark.parametrize("kind", KINDS)
def test_a_type_tells_what_pytorchs_tells(kind: str) -> None:
    def facts(T: Any) -> list[str]:
        t = getattr(T, kind)
        calls = [lambda: t, lambda: t.itemsize, lambda: t.is_signed, lambda: t.is_floating_point, lambda: t.is_complex]
        calls += [t.to_complex, t.to_real, lambda: T.finfo(t), lambda: T.iinfo(t)]
        for other in KINDS:
            u = getattr(T, other)
            calls += [lambda u=u: T.promote_types(t, u), lambda u=u: T.can_cast(t, u)]
        return [outcome(call) for call in calls]

    assert facts(gs) == facts(torch)


@pytest.mark.parametrize("kind", ["float16", "bfloat16", "float32", "float64"])
def test_limits_are_pytorchs(kind: str) -> None:
    names = ("bits", "eps", "max", "min", "tiny", "smallest_normal", "resolution", "dtype")
    mine, other = gs.finfo(getattr(gs, kind)), torch.finfo(getattr(torch, kind))
    assert [getattr(mine, n) for n in names] == pytest.approx([getattr(other, n) for n in names])


# over b, two numbers of the type K
PROGRAMS = """
b.numpy()|b|b.tolist()|b[0].item()|b @ b|b.type()|b.half() + b.bfloat16()|b + 1|b + 1.5|b + b.float()|b.is_floating_point()
b + T.tensor(1.0)|b + T.tensor(1.0, dtype=T.float64)|b.new_tensor([1])|b.view(T.int16)|T.mm(b.view(1, 2), b.view(2, 1).float())
T.index_put(b, (T.tensor([0]),), T.ones(1))|b.scatter(0, T.tensor([0]), T.ones(1))|F.linear(b.view(1, 2), T.ones(3, 2))
F.mse_loss(b, b.float())|T.cat([b, b.float()])|T.dot(b, b.float())|F.layer_norm(b, (2,), T.ones(2, dtype=K))
F.batch_norm(b.view(1, 2), T.zeros(2), T.ones(2), T.ones(2), T.ones(2))|F.embedding(T.tensor([0]), b.view(2, 1))
T.tensor([float("inf")], dtype=K).nan_to_num()|T.where(b > 1, b, b.float())|b.index_add(0, T.tensor([0]), T.ones(1))
b.masked_fill(b > 1, 3.3)|T.prelu(b, T.ones(1))|b.logit()|T.median(b)|T.linalg.norm(b)|b.to(T.int32)|T.tensor([3.7e38]).to(K)|T.lgamma(b)
T.erfinv(b - 1)|T.bernoulli(b - 1)|T.std(b)|b.sort()[0]
T.linspace(0, 1, 30, dtype=K)|T.linspace(3, -3, 12, dtype=K)|T.arange(0, 3, 0.1, dtype=K)
T.eye(2, dtype=K)|T.full((2,), 0.1, dtype=K)|F.max_pool1d(b.view(1, 1, 2), 2)|T.unique(b)|T.ldexp(b, b)|T.linalg.inv(b.outer(b))
b.sum(dtype=T.float32)|b.softmax(0, dtype=T.float32)|b.float().softmax(0, dtype=K)|b.softmax(0)|b.mean()|b.var()|b.cumsum(0)
b.float().sum(dtype=K)|T.tensor([0.1, 0.2], dtype=K)|T.tensor(0.1, dtype=K)|T.zeros(2, dtype=K)|T.ones_like(b)|b.expand(2, 2)
T.stack([b, b])|b == b|b < 2|b.argmax()|b.max(0)[0]|b ** 2|b ** 0.5|2 ** b|b // 0.7|b % 0.7|1 / b|b / 3|b * 0.1|b + 0.1|b - 0.1
b.add_(0.1)|b.mul_(0.3)|b.copy_(T.tensor([0.1, 0.2]))|b.fill_(0.1)|b.to(T.float64)|b.int()|b.bool()|T.rand(3, dtype=K)|T.randn(20, dtype=K)
T.randn(5, dtype=K)|T.rand_like(b)|T.empty(20, dtype=K).uniform_(-1, 1)|T.empty(20, dtype=K).normal_(1, 2)|T.empty(4, dtype=K).random_(0, 9)
T.empty(9, dtype=K).random_()|T.empty(4, dtype=K).exponential_()|T.empty(9, dtype=K).bernoulli_(0.5)|F.dropout(T.ones(20, dtype=K), 0.3)
T.randint(0, 9, (3,), dtype=K)|T.multinomial(b, 1)|b.element_size()|b.nbytes|b.requires_grad_().sum()|b.dist(b * 2)|b.norm()
b.allclose(b)|b.all()|b.isnan()|b.sign()|b.round()|b.frac()|b.clamp(1.6, 1.8)|b.logaddexp(b)|T.hypot(b, b)|T.atan2(b, b)|b.erf()
b.sigmoid()|b.tanh()|F.gelu(b)|F.silu(b)|F.elu(-b)|F.softplus(b)|F.leaky_relu(-b, 0.1)|b.gather(0, T.tensor([1]))|b[b > 1.6]|b.nonzero()
b.outer(b).tril()|b.cumprod(0)|b.logsumexp(0)|b.topk(1)[0]|b.type(T.float32)|b.type_as(T.ones(1))|b.to("cpu", T.float64)|float(b[0])
bool(b[0])|f"{b[0]:.2f}"|2 in b|list(b)|T.nn.Linear(2, 3).to(K)(b).dtype|T.nn.LayerNorm(2).to(K)(b)|T.result_type(b, 1.5)
T.result_type(b, T.tensor(1.5, dtype=T.float64))|b.lerp(b * 2, 0.5)|T.addcmul(b, b, b, value=0.1)|b.add(b, alpha=0.1)|b.expm1()|b.log1p()
"""
CODES = [code for line in PROGRAMS.strip().splitlines() for code in line.split("|")]


@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
@pytest.mark.parametrize("code", CODES)
def test_half_precision_gives_and_refuses_what_pytorch_does(code: str, kind: str) -> None:
    def told(T: Any) -> str:
        K = getattr(T, kind)
        T.manual_seed(0)
        return outcome(lambda: eval(code, {"T": T, "F": T.nn.functional, "K": K, "b": T.tensor([1.5, 2.0], dtype=K)}))

    mine, other = told(gs), told(torch)
    assert mine == other or ("Error" in other[:24] and mine.startswith(other[:50]))


# over w, three unsigned words
WORDS = """
w|w.tolist()|w.dtype|w.to(T.float32)|w.long()|w[1]|w == w|w.view(T.int16) if w.dtype is T.uint16 else w|T.stack([w, w])|w.flip(0)|w.clone()
T.zeros_like(w)|w.new_zeros(2)|w.type()|w.item() if w.numel() == 1 else w[0].item()|w.numpy().dtype|w.equal(w)|w.bool()|w.element_size()
T.tensor([1.7, 2.0]).to(w.dtype)|T.zeros(2, dtype=w.dtype)|T.full((2,), 7, dtype=w.dtype)|w + w.int()|w * w.long()|w.reshape(3, 1)
w.is_signed()|T.iinfo(w.dtype).max|w.repeat(2)|T.cat([w, w])|w.fill_(3)|w.sum()|w.float() + w
"""


@pytest.mark.parametrize("kind", ["uint16", "uint32", "uint64"])
@pytest.mark.parametrize("code", [code for line in WORDS.strip().splitlines() for code in line.split("|")])
def test_unsigned_words_give_what_pytorchs_give(code: str, kind: str) -> None:
    def told(T: Any) -> str:
        return outcome(lambda: eval(code, {"T": T, "w": T.tensor([1, 2, 3], dtype=getattr(T, kind))}))

    mine, other = told(gs), told(torch)
    assert mine == other or "not implemented for 'UInt" in other  # where PyTorch has no kernel we may


def test_a_gradient_has_the_type_of_its_leaf() -> None:
    def program(T: Any, say: Say) -> None:
        for kind in (T.float16, T.bfloat16):
            x = T.tensor([1.5, 2.0, -3.0], dtype=kind, requires_grad=True)
            (x.float() * 3).sum().backward()
            say(x.grad)
            (x * x).sum().backward()
            say(x.grad)
            with T.no_grad():
                x -= 0.1 * x.grad
            say(x)
            y = x * 0.3
            y += x
            y[0] = 4
            say(y, y.grad_fn)

    same_story(program)


def test_optimizers_step_in_bfloat16() -> None:
    def program(T: Any, say: Say) -> None:
        for make in (lambda p: T.optim.SGD(p, 0.1, momentum=0.9), lambda p: T.optim.AdamW(p, 0.1), lambda p: T.optim.RMSprop(p, 0.1)):
            x = T.tensor([1.5, 2.0, -3.0], dtype=T.bfloat16, requires_grad=True)
            optimizer = make([x])
            for _ in range(3):
                optimizer.zero_grad()
                (x * x).sum().backward()
                optimizer.step()
            say(
                [round(v, 1) for v in x.tolist()], x.dtype, sorted(str(v.dtype) for v in optimizer.state[x].values() if hasattr(v, "dtype"))
            )

    same_story(program)
