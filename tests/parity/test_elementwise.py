"""Arithmetic, functions, choices, activations and assignments: values, types, graphs, gradients and errors are PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

from .compare import agree, fail_alike, functional

random = numpy.random.default_rng(2)
X = random.standard_normal((3, 4)) + numpy.linspace(-0.3, 0.3, 4)
P = random.uniform(0.2, 0.9, (3, 4))
V = random.standard_normal(4)
I = numpy.array([3, -4, 0, 2])  # noqa: E741
C = random.standard_normal((3, 4)) + 1j * random.standard_normal((3, 4))
S = numpy.array(1.5)

# written as PyTorch code over x (3, 4), p (3, 4) between 0 and 1, v (4), i four integers, c (3, 4) complex, s (0-d)
PROGRAMS = """
x + v|x + 2|2 + x|x + True|x - v|x - 2|2 - x|x * v|x * 2.5|2.5 * x|x / p|x / 2|2 / x|x + s|s + x|i + s|i + 1.5|i / 2|i * 2.5|i + 1j|-x|+x
x.add(v, alpha=2)|T.sub(x, v, alpha=2)|T.rsub(x, v)|T.rsub(x, 2, alpha=3)|T.add(2, x)|T.mul(2, x)|x + i|x * i|i - 2|2 - i|abs(x)|abs(i)
x.detach() // 2|i // 2|i // -3|i // 2.5|7 // (i + 5)|x % 2|i % 3|i % -3|x % p|x.fmod(2)|T.fmod(i, 3)|x.fmod(p)|T.remainder(x, -p)
T.div(x, p)|T.div(x, p, rounding_mode="floor")|T.div(x, p, rounding_mode="trunc")|T.div(i, 2, rounding_mode="trunc")
T.div(i, -3, rounding_mode="floor")|T.div(x, 2, rounding_mode="trunc")|T.true_divide(i, 2)
x ** 2|x ** 3|p ** 0.5|p ** -1.5|x ** -1|x ** 0|x ** 1|p ** x|2 ** x|2.5 ** x|0 ** p|x ** s|i ** 2|i ** 0|2 ** (i + 4)|i ** 0.5|i ** (i + 4)
T.tensor([2, -1, 1, 0]) ** T.tensor([-1, -3, -2, 0])|x.square()|i.square()|p.sqrt()|p.rsqrt()|x.reciprocal()|i.sqrt()|T.tensor([4]).rsqrt()
(-x) ** 2 * x|(x * 0) ** 2|(x * 0) ** p|(x * 0) ** 0|x ** (x * 0)
x.sign()|x.sgn()|i.sign()|c.sgn()|x.neg()|x.abs()|c.abs()|x.positive()|(x > 0).sign()
x.exp()|x.exp2()|x.expm1()|p.log()|p.log2()|p.log10()|p.log1p()|i.exp()|x.sin()|x.cos()|x.tan()|(p - 0.5).asin()|(p - 0.5).acos()|x.atan()
x.sinh()|x.cosh()|x.tanh()|x.asinh()|(p + 1.5).acosh()|(p - 0.5).atanh()|T.arcsin(p)|T.arctan2(x, v)|T.atan2(x, p)|x.sigmoid()|p.logit()
p.logit(0.3)|T.logaddexp(x, v)|T.logaddexp2(x, v)|x.erf()|x.erfc()|(p - 0.5).erfinv()|p.lgamma()|x.lgamma()|p.digamma()|x.digamma()
T.polygamma(1, p)|T.polygamma(2, p)|p.polygamma(0)|x.floor()|x.ceil()|x.trunc()|x.round()|x.round(decimals=1)|x.frac()|i.floor()|i.round()
x.clamp(-0.5, 0.5)|x.clamp(min=0)|x.clamp(max=0.1)|x.clip(0, None)|x.clamp(v)|x.clamp(max=v)|x.clamp(-p, p)|i.clamp(0, 2)|i.clamp(0.5)
x.clamp(0.5, -0.5)|x.clamp(p, -p)|x.clamp_min(0.1)|x.clamp_max(0.1)|x.clamp_min(v)|x.clamp_max(v)|x.clamp(s, None)
T.maximum(x, v)|T.minimum(x, v)|T.maximum(x, x)|T.fmax(x, v)|T.fmin(x, v)|T.maximum(i, T.tensor(1))|T.maximum(x, i)
T.where(x > 0, x, v)|T.where(x > 0, x, 0)|T.where(x > 0, 1.5, v)|T.where(i > 0, 1, 2)|T.where(i > 0, 1.5, 2)|T.where(i > 0, i, 0.5)
T.where(x > 0)|x.where(x > 0, v)|T.where(x > 0, s, x)|T.where(T.tensor(True), x, v)
T.lerp(x, v, 0.3)|T.lerp(x, v, p)|T.lerp(x, v, 0.8)|T.addcmul(x, v, p)|T.addcmul(x, v, p, value=2)|T.addcdiv(x, v, p, value=-0.5)
T.hypot(x, v)|T.copysign(x, v)|T.copysign(x, -1.0)|T.copysign(i, -1)|T.heaviside(i, T.tensor(5))|x.nan_to_num()|(x / 0).nan_to_num(1, 2, 3)
T.xlogy(x, p)|T.xlogy(2, p)|T.xlogy(x, 2)|T.xlogy(x * 0, p * 0)|x.sinc()|(x * 0).sinc()|x.deg2rad()|x.rad2deg()|i.deg2rad()
T.ldexp(x, i + 4)|T.ldexp(i, i)|x.angle()|c.angle()|T.complex(x, v)|T.polar(p, x)|T.complex(x, v).abs()|c.real|c.imag
c.conj() * 1|x.conj()|x.real
c * c|c * 2|c * (1 + 2j)|c * x|x * c|c / c|c / x|x / c|c + x|c - 1j|c.exp()|c.log()|c.sin()|c.cos()|c.tanh()|c.sqrt()|c ** 2|c ** 2.5|c ** c
c.sigmoid()|c.reciprocal()|c.sum()|c.mean()|c.abs().sum()|(c * c.conj()).real|T.view_as_real(c)|T.view_as_complex(T.view_as_real(c) * 2)
x == v|x != 0|x < v|x <= 0.1|x > i|i >= 2|x.eq(x)|i == 2.0|i == 300|i.to(T.uint8) == 300|i.to(T.int8) < 200|i.to(T.int8) > -200|c == c
x.isnan()|(x / 0).isinf()|x.isfinite()|T.isposinf(x / 0)|T.isneginf(x / 0)|T.isclose(x, x + 1e-9)|T.isclose(x / 0, x / 0)|x.signbit()
T.isclose(x * T.nan, x, equal_nan=True)|T.logical_and(x, i)|T.logical_or(x, i)|T.logical_xor(x, i)|x.logical_not()|c.logical_not()
i & 3|i | 3|i ^ 3|~i|i << 2|i >> 1|i << 70|i >> 70|1 << T.tensor([1, 2])|i & T.tensor(True)|~(x > 0)|(x > 0) & (x < 1)|(x > 0) | (x < 1)
3 & i|True ^ (i > 0)|i.to(T.uint8) << 9|i.to(T.uint8) >> 9
x.masked_fill(x > 0, 2.5)|x.masked_fill(x > 0, s)|x.masked_fill(v > 0, 0)|i.masked_fill(i > 0, 2.5)
T.fill(x, 2)|T.fill(x, s)|i.masked_fill(i > 0, T.tensor(7))
F.relu(x)|F.relu6(x * 4)|F.hardtanh(x)|F.hardtanh(x, -0.2, 0.4)|F.leaky_relu(x)|F.leaky_relu(x, 0.2)|F.elu(x)|F.elu(x, 1.7)|F.selu(x)
F.silu(x)|F.gelu(x)|F.gelu(x, approximate="tanh")|F.softplus(x)|F.softplus(x, 2, 0.5)|F.mish(x)|F.hardswish(x * 3)
F.softsign(x)|F.tanhshrink(x)|F.hardshrink(x)|F.hardshrink(x, 0.2)|F.softshrink(x)|F.softshrink(x, 0.2)|F.threshold(x, 0.1, 20)
F.logsigmoid(x)|F.prelu(x, v)|F.prelu(x, v[:1])|F.glu(x)|F.glu(x[:2], 0)|T.relu(x)|T.relu(i)|F.relu(i)|F.hardtanh(i)|T.threshold(x, 0, 1)
F.softmax(x, 1)|F.softmax(x, 0)|F.softmax(x, -1, dtype=T.float32)|F.log_softmax(x, 1)|F.softmin(x, 1)|F.softmax(x)
x.softmax(0)|x.log_softmax(-1)
T.softmax(s, 0)|T.softmax(i, 0, dtype=T.float64)|F.relu(x * 0)|T.abs(x * 0)|T.sigmoid(x * 1000)|F.softplus(x * 1000)|F.logsigmoid(x * 1000)
"""


def run(source: str) -> Any:
    code = compile(source, source, "eval")
    return lambda T, x, p, v, i, c, s: eval(code, {"T": T, "F": functional(T), "x": x, "p": p, "v": v, "i": i, "c": c, "s": s})


def split(programs: str) -> list[str]:
    """The programs; a ``|`` between spaces is an operator."""
    marked = programs.replace(" | ", "\0")
    return [p.strip().replace("\0", " | ") for line in marked.strip().splitlines() for p in line.split("|")]


# PyTorch computes their steps, or a constant, in single precision, or by other sums
LOOSE = (
    "lgamma",
    "digamma",
    "polygamma",
    "erfinv",
    "float32",
    "i ** 0.5",
    "i.",
    "i / 2",
    "T.copysign(i",
    "i + 1.5",
    "i * 2.5",
    "i // 2.5",
    "i, 0.5",
)
# what stands for a composite of PyTorch's in another way, and its own backward ops of conjugates and copies
OTHER_GRAPH = ("T.view_as_complex", "c.real", "c.imag", "(c * c.conj()).real")


@pytest.mark.parametrize("source", split(PROGRAMS))
def test_is_what_pytorch_does(source: str) -> None:
    loose = any(word in source for word in LOOSE) or source in ("i ** 0.5", "i + s")
    agree(run(source), X, P, V, I, C, S, rtol=1e-6 if loose else 1e-12, graphs=not source.startswith(OTHER_GRAPH))


ERRORS = """
x + v[:3]|x * T.ones(5)|x.add(i, alpha=1.5) if not x.requires_grad else i.add(i, alpha=1.5)|i + "a"|x + None|x + [1]|x < "a"
(x > 0) - (x > 0)|(x > 0) - 1|1 - (x > 0)|i - (i > 0)|-(x > 0)|+(x > 0)|abs(x > 0)|(x > 0) // (x > 0)|i // 0|i % 0|i // T.tensor(0)
T.div(x, 2, rounding_mode="foo")|i ** -1|(x > 0) ** (x > 0)|True ** (x > 0)|c.sign()|c < c|c >= 1|x & x|x | 1|~x|x << 1|i << x|i & 1.5
(x > 0).floor()|(x > 0).round()|c.floor()|x.clamp()|T.maximum(x, c)|T.where(x, x, v)|x.masked_fill(x, 0)|x.masked_fill(x > 0, v)
x.masked_fill(x > 0, 1j)|x.imag|T.mul(x, None)|T.isclose(x, i)|T.heaviside(x, i)|T.polygamma(-1, p)|F.gelu(i)|F.elu(i)|F.silu(i)
F.softmax(i, 0)|F.softmax(x, 2)|F.log_softmax(i, 0)|F.glu(x[:, :3])|F.prelu(x, v[:3])|F.hardtanh(x, 1, -1)|F.softshrink(x, -1)
T.relu(x > 0)|F.celu(x, 0.0)|(x // 2).sum().backward()|T.heaviside(x, x).sum().backward()|x.add_(1)|x.fill_(1)|x.zero_()|x.copy_(v)|x.exp_()
(x * 1).copy_(v[:3])|(v * 1).copy_(x)|(x * 1).fill_(v)|i.add_(1.5)|i.div_(2)|i.mul_(x)|v.detach().mul_(x)|i.sqrt_()|T.fmod(i, 0)
T.complex(x, x.float())|T.complex(i, i)|T.view_as_real(x)|T.view_as_complex(x)|i ** T.tensor([1.0, 2.0])|T.logaddexp(i, i)|T.hypot(i, i)
i.frac()
"""


@pytest.mark.parametrize("source", split(ERRORS))
def test_fails_as_pytorch_does(source: str) -> None:
    fail_alike(run(source), X, P, V, I, C, S, words=26)


# statements over y = 2 x, which is no leaf; the result is y
CHANGES = """
y.add_(v)|y += v|y -= 2|y *= v|y /= p|y **= 2|y.mul_(2)|y.sub_(v, alpha=2)|y.div_(p, rounding_mode="floor")|y.pow_(3)|y.neg_()
y.abs_()
y.exp_()|y.sigmoid_()|y.tanh_()|y.sin_()|y.clamp_(-0.5, 0.5)|y.clamp_min_(0)|y.relu_()|y.sqrt_()
y.square_()|y.reciprocal_()|y.round_()|y.floor_()
y.zero_()|y.fill_(2.5)|y.fill_(s)|y.copy_(v)|y.copy_(p)|y.copy_(i)|y.copy_(s)|y.masked_fill_(x > 0, 1.5)|y.lerp_(v, 0.3)|y.addcmul_(v, p)
y.addcdiv_(v, p, value=2)|y.copysign_(v)
y.nan_to_num_()|y.atan2_(v)|y.remainder_(2)|y.fmod_(2)|y.xlogy_(p)|y.cumsum_(1)|y.erf_()|y.lgamma_()
y[0].zero_()|y[:, 1].fill_(3)|y[1:].copy_(x[:2])|y[0] += v|y.t().mul_(2)|y.float().copy_(x)|z = T.zeros(3, 4).double(); z.copy_(x); y = z
z = T.zeros(3, 4).long(); z.copy_(x); y = z|z = T.zeros(3, 4); z.copy_(x); y = z|y.copy_(y)|y.logical_not_()|y.eq_(x)|y.gt_(0)
F.relu(y, inplace=True)|F.hardtanh(y, inplace=True)|F.silu(y, inplace=True)|F.selu(y, inplace=True)|F.hardswish(y, inplace=True)
z = T.zeros(4).int(); z += 3; z //= 2; z <<= 2; z ^= 3; z &= 6; y = z
"""


def change(source: str) -> Any:
    code = compile(source, source, "exec")

    def program(T: Any, x: Any, p: Any, v: Any, i: Any, c: Any, s: Any) -> Any:
        names = {"T": T, "F": functional(T), "x": x, "p": p, "v": v, "i": i, "c": c, "s": s, "y": x * 2}
        exec(code, names)
        return names["y"]

    return program


# the in-place forms of these have another name in PyTorch, as they work from the result
@pytest.mark.parametrize("source", split(CHANGES))
def test_changes_in_place_what_pytorch_does(source: str) -> None:
    agree(change(source), X, P, V, I, C, S, rtol=1e-6 if "lgamma" in source else 1e-12, graphs="selu" not in source)


def test_float32_constants_of_pytorch_are_met_to_their_precision() -> None:
    for source in ("F.celu(x)", "F.celu(x, 1.7)", "F.hardsigmoid(x * 3)"):
        agree(run(source), X, P, V, I, C, S, rtol=2e-7)
