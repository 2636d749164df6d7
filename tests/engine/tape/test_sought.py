"""What is typed finds the elements that it says, in every dtype, and what is wrong with it is told."""

from __future__ import annotations

import math
import re

import ml_dtypes
import numpy as np
import pytest

from gradstep.engine.tape.elements import decoded
from gradstep.engine.tape.sought import LONGEST, SoughtError, ends, parse

A = np.array([0.1, 0.3, 0.305, 0.31, 3.0, -4.0, math.nan, math.inf, -math.inf, 0.0, 1e-4], np.float32)


def found(text: str, value: np.ndarray = A) -> list[int]:
    sought = parse(text)
    if sought.extreme is not None:
        sought = sought.at(ends(value, sought.extreme.part))
    return np.flatnonzero(sought.hits(value)).tolist()


@pytest.mark.parametrize(
    ("text", "hits"),
    [
        ("nan", [6]),
        ("inf", [7, 8]),
        ("+inf", [7]),
        ("-inf", [8]),
        ("finite", [0, 1, 2, 3, 4, 5, 9, 10]),
        ("not finite", [6, 7, 8]),
        ("0.31", [2, 3]),  # 0.305 to 0.315
        ("0.305", [2]),
        ("1e-4", [10]),
        ("-4", [5]),
        ("\u22124", [5]),
        ("== 0.1", [0]),
        ("= 0.1", [0]),
        ("!= 0", [0, 1, 2, 3, 4, 5, 6, 7, 8, 10]),
        ("== nan", [6]),
        ("> 0.1", [1, 2, 3, 4, 7]),
        (">= 0.1", [0, 1, 2, 3, 4, 7]),
        ("\u2265 3", [4, 7]),
        ("< -1e4", [8]),
        ("<= -4", [5, 8]),
        ("abs > 3", [5, 7, 8]),
        ("|x| >= 3", [4, 5, 7, 8]),
        ("abs(x) == 4", [5]),
        ("x > 1", [4, 7]),
        ("0..0.3", [0, 1, 9, 10]),
        ("-4..-1", [5]),
        ("..-1", [5, 8]),
        ("3..", [4, 7]),
        ("3..inf", [4, 7]),
        ("> -inf", [0, 1, 2, 3, 4, 5, 7, 9, 10]),
        ("> 1e60", [7]),  # more than the dtype has
        ("< 1e60", [0, 1, 2, 3, 4, 5, 8, 9, 10]),
        ("3 or nan", [4, 6]),
        ("> 0 and < 0.2 or -4", [0, 5, 10]),
        ("max", [4]),
        ("min", [5]),
        ("abs max", [5]),
        ("abs min", [9]),
    ],
)
def test_of_floats(text: str, hits: list[int]) -> None:
    assert found(text) == hits


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_number_is_found_by_what_is_shown_of_it(dtype: type) -> None:
    values = np.random.default_rng(0).normal(size=200).astype(dtype) * dtype(1000)
    for place, value in enumerate(values):
        assert place in found(str(value), values)
        assert place in found(f"== {value}", values)
        assert place in found(f"{float(value):.3e}", values)


def test_bfloat16_is_found_as_it_is_shown() -> None:
    raw = np.array([0.1, 3.14, -2.0, math.nan]).astype(ml_dtypes.bfloat16)
    values = decoded(raw.tobytes(), "bfloat16", (4,))
    assert found("0.1", values) == [0]
    assert found(f"== {values[1]}", values) == [1]
    assert found("> 3", values) == [1]


@pytest.mark.parametrize(
    ("text", "hits"),
    [
        ("> 2.5", [1, 2]), ("> 3", [1]), (">= 3", [1, 2]), ("< 3", [0, 3]), ("3.0", [2]), ("3.5", []), ("128", []), ("> 1000", []),
        ("abs > 127", [0]), ("max", [1]), ("min", [0]), ("nan", []), ("finite", [0, 1, 2, 3]), ("false", [3]), ("2.5..200", [1, 2]),
        ("> inf", []), ("<= inf", [0, 1, 2, 3]),
    ],
)  # fmt: skip
def test_of_whole_numbers(text: str, hits: list[int]) -> None:
    assert found(text, np.array([-128, 127, 3, 0], np.int8)) == hits


def test_whole_numbers_are_exact_where_a_float_is_not() -> None:
    large = np.array([2**63 - 1, 2**53 + 1, 2**53], np.int64)
    assert found("9007199254740993", large) == [1]
    assert found("9,007,199,254,740,992", large) == [2]
    assert found("max", large) == [0]
    assert found("> 9007199254740992", large) == [0, 1]


def test_of_truth_values() -> None:
    value = np.array([True, False, True])
    assert found("true", value) == found("1", value) == found("max", value) == [0, 2]
    assert found("== False", value) == found("< 1", value) == [1]


@pytest.mark.parametrize(
    ("text", "hits"),
    [
        ("5", [3]), ("> 4", [2, 3]), ("nan", [1]), ("inf", [2]), ("-inf", []), ("finite", [0, 3]), ("imag > 3", [3]), ("real 1.0", [0]),
        ("real nan", [1]), ("max", [3]), ("imag min", [2]), ("angle > 0.9", [3]), ("3.0+4.0j", [3]), ("== 1+1j", [0]), ("1-1j", []),
    ],
)  # fmt: skip
def test_of_complex_numbers_by_modulus_or_by_part(text: str, hits: list[int]) -> None:
    assert found(text, np.array([1 + 1j, complex(math.nan, 1), complex(math.inf, 0), 3 + 4j], np.complex64)) == hits


def test_parts_of_complex_numbers_are_not_looked_for_in_others() -> None:
    assert "complex" in parse("imag > 3").misfit("float32")
    assert parse("imag > 3").misfit("complex64") == parse("abs > 3").misfit("float32") == ""


def test_one_number_and_none() -> None:
    assert parse("3").hits(np.float32(3.0)).tolist() is True
    assert parse("3").hits(np.zeros((0, 4))).shape == (0, 4)
    assert ends(np.zeros(0)) is ends(np.array([math.nan])) is None
    assert found("max", np.array([math.nan])) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "nothing is typed"),
        ("foo", "foo: this is nothing that can be looked for"),
        (">", "a number is missing behind >"),
        ("> foo", "foo"),
        ("1..0", "0..1"),
        ("..", "at one end"),
        ("0...5", "two points"),
        ("3 4", "3..4"),
        ("0,31", "0.31"),
        ("max and 3", "stands alone"),
        ("not min", "stands alone"),
        ("1 or", "missing beside"),
        ("abs", "missing"),
        ("1e400", "inf"),
        ("> 1e999999999", "inf"),
        ("1" * (LONGEST + 1), "characters"),
    ],
)
def test_what_is_wrong_is_said(text: str, says: str) -> None:
    with pytest.raises(SoughtError, match=re.escape(says)):
        parse(text)
