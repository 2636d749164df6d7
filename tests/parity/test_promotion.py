"""The types that operands of different types give, for all pairs of types and kinds of numbers, are PyTorch's."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch

import gradstep.engine as gs

KINDS = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64", "complex64", "complex128")
NUMBERS = (True, 2, 2.5, 1 + 2j)
OPERATORS = ("a + b", "a - b", "a * b", "a / b", "a // b", "a % b", "a ** b", "a == b", "a < b", "a & b", "a | b", "a << b")
FUNCTIONS = (
    "T.maximum(a, b)", "T.fmin(a, b)", "T.where(m, a, b)", "T.atan2(a, b)", "T.fmod(a, b)", "T.logical_and(a, b)", "T.logaddexp(a, b)",
    "T.div(a, b, rounding_mode='floor')", "T.div(a, b, rounding_mode='trunc')", "T.copysign(a, b)", "T.hypot(a, b)", "T.xlogy(a, b)",
    "T.lerp(a, b, 0.5)", "T.add(a, b, alpha=2)", "T.rsub(a, b)", "T.addcmul(a, a, b)", "T.clamp(a, b)",
)  # fmt: skip
OF_ONE = (
    "-a", "+a", "~a", "abs(a)", "a.exp()", "a.sqrt()", "a.sin()", "a.floor()", "a.round()", "a.sign()", "a.sgn()", "a.sum()", "a.mean()",
    "a.prod()", "a.cumsum(0)", "a.cumprod(0)", "a.max()", "a.max(0)", "a.argmax()", "a.var()", "a.norm()", "a.logsumexp(0)", "a.all()",
    "a.any()", "a.isnan()", "a.logical_not()", "a.reciprocal()", "a.square()", "a.sigmoid()", "a.tanh()", "a.relu()", "a.softmax(0)",
    "a.erf()", "a.lgamma()", "a.clamp(0)", "a.clamp(0.5)", "a.nan_to_num()", "a.amax()", "a.sort()", "a.median()", "a.conj() * 1",
    "a.angle()",     "a.frac()", "a.trunc()", "a.neg()", "a.positive()", "a.rsqrt()",
    "a.deg2rad()", "a.log1p()", "a.cummax(0)", "a.unique()",
    "a.mode()",
    "a.isfinite()", "a.sinc()", "a.expm1()", "a.acosh()", "a.masked_fill(m, 1)", "a.fill_(1)", "a.zero_()", "a.aminmax()",
    "a.count_nonzero()",
)  # fmt: skip


def outcome(T: Any, code: str, **names: Any) -> str:
    """The type of a result; "error" where there is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = eval(code, {"T": T, **names})
        except (RuntimeError, TypeError):
            return "error"
    return str([str(t.dtype) for t in found] if isinstance(found, tuple) else found.dtype)


def operand(T: Any, kind: str, dims: int) -> Any:
    return T.tensor([1, 2] if dims else 1).to(getattr(T, kind))


def differing(cases: Callable[[Any], dict[Any, str]]) -> dict[Any, tuple[str, str]]:
    """The cases that end otherwise in PyTorch. It has complex numbers of two halves; where it gives those, we have none to give."""
    mine, other = cases(gs), cases(torch)
    return {k: (v, other[k]) for k, v in mine.items() if v != other[k] and not needs_halves(k, other[k])}


def needs_halves(case: Any, outcome: str) -> bool:
    words = str(case)
    return "complex32" in outcome or (outcome == "error" and "float16" in words and ("complex" in words or "j" in words))


@pytest.mark.parametrize("code", [*OPERATORS, *FUNCTIONS])
def test_two_tensors_give_pytorchs_type(code: str) -> None:
    def cases(T: Any) -> dict[Any, str]:
        return {
            (first, dims, second, others): outcome(
                T, code, a=operand(T, first, dims), b=operand(T, second, others), m=T.tensor([True, False])
            )
            for first, second in itertools.product(KINDS, KINDS)
            for dims, others in itertools.product((0, 1), (0, 1))
        }

    assert differing(cases) == {}


REVERSED = [code.translate(str.maketrans("ab", "ba")) for code in OPERATORS]


@pytest.mark.parametrize("code", [*OPERATORS, *REVERSED])
def test_a_tensor_and_a_number_give_pytorchs_type(code: str) -> None:
    def cases(T: Any) -> dict[Any, str]:
        return {
            (kind, dims, number): outcome(T, code, a=operand(T, kind, dims), b=number)
            for kind, dims, number in itertools.product(KINDS, (0, 1), NUMBERS)
        }

    assert differing(cases) == {}


@pytest.mark.parametrize("code", OF_ONE)
def test_one_tensor_gives_pytorchs_type(code: str) -> None:
    def cases(T: Any) -> dict[Any, str]:
        return {kind: outcome(T, code, a=operand(T, kind, 1), m=T.tensor([True, False])) for kind in KINDS}

    assert differing(cases) == {}


IN_PLACE = ("add_", "sub_", "mul_", "div_", "floor_divide_", "remainder_", "pow_", "copy_", "bitwise_and_")


@pytest.mark.parametrize("name", IN_PLACE)
def test_in_place_casts_and_refuses_as_pytorch(name: str) -> None:
    def cases(T: Any) -> dict[Any, str]:
        seconds = {kind: operand(T, kind, 1) for kind in KINDS} | {n: n for n in NUMBERS if name != "copy_"}
        return {
            (kind, second): outcome(T, f"a.{name}(b)", a=operand(T, kind, 1), b=value)
            for kind in KINDS
            for second, value in seconds.items()
        }

    assert differing(cases) == {}
