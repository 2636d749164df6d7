"""What is written can be read: by a person at a glance, and by Python where it is exact."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from gradstep.gui.widgets.formats import (
    NumberStyle,
    byte_size,
    exact,
    harmless,
    number,
    one_line,
    seconds,
    set_style,
    shape_text,
    short_name,
    shown,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (1.0, "1"), (0.93456, "0.9346"), (1234.5, "1234"), (1.2e-7, "1.2e-07"), (-3.25e12, "-3.25e+12"), (0.001, "0.001"),
        (float("nan"), "nan"), (float("-inf"), "-inf"), (123456.0, "1.23e+05"),
    ],
)  # fmt: skip
def test_a_statistic_has_four_digits(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_an_exact_number_gives_the_same_number_back(dtype: type) -> None:
    random = np.random.default_rng(0)
    numbers = (random.normal(size=500) * 10.0 ** random.integers(-4, 4, 500)).astype(dtype)
    assert all(dtype(exact(x)) == x for x in numbers)


@pytest.fixture
def style() -> Iterator[Callable[..., None]]:
    yield lambda **fields: set_style(NumberStyle(**fields))
    set_style(NumberStyle())


def test_the_user_chooses_how_many_digits_a_statistic_has(style: Callable[..., None]) -> None:
    style(digits=6)
    assert number(0.123456789) == "0.123457"
    assert number(0.123456789, 3) == "0.123", "where there is no room the place decides"
    assert number(1.23456789e-9) == "1.2346e-09"


def test_exponents_begin_where_the_user_wants_them(style: Callable[..., None]) -> None:
    assert number(0.00012) == "0.00012"
    assert number(0.000012) == "1.2e-05"
    style(small=-7, large=3)
    assert number(0.000012) == "0.000012"
    assert number(1234.0) == "1.23e+03"
    assert exact(np.float32(1e-6)) == "0.000001"
    assert exact(np.float64(1000)) == "1e+03"


def test_tables_have_the_decimals_that_the_user_wants_and_copies_are_exact(style: Callable[..., None]) -> None:
    third = np.float64(1) / 3
    assert shown(third) == exact(third) == "0.3333333333333333"
    style(most=3)
    assert shown(third) == "0.333"
    assert exact(third) == "0.3333333333333333"
    assert shown(np.float32(2)) == "2.0"
    style(least=3, most=5)
    assert shown(np.float32(2)) == "2.000"
    assert shown(np.float64(123456789.125)) == "1.23457e+08"
    style(least=0)
    assert shown(np.float32(2)) == "2"
    assert exact(np.float32(2)) == "2.0"


def test_zero_keeps_its_sign() -> None:
    assert exact(np.float32(-0.0)) == "-0.0"
    assert exact(np.complex64(complex(1, -0.0))) == "1.0-0.0j"


def test_control_characters_of_a_program_do_nothing() -> None:
    assert harmless("\x1b[31mred\x1b[0m\n\tok") == "red\n\tok"
    assert harmless("bell\x07 null\x00 del\x7f") == "bell\\x07 null\\x00 del\\x7f"
    assert harmless("\x1b]0;title\x07text") == "text"
    assert harmless("a\u202eb") == "a\\u202eb"
    assert harmless("lone \x1b escape") == "lone \\x1b escape"


def test_small_things() -> None:
    assert shape_text((64, 512)) == "64\u00d7512"
    assert shape_text(()) == "scalar"
    assert seconds(1.84e-5) == "18.4 \u00b5s"
    assert seconds(0.0032) == "3.2 ms"
    assert seconds(2) == "2 s"
    assert byte_size(3251) == "3.2 KiB"
    assert short_name("AddmmBackward0") == "Addmm"
    assert short_name("AccumulateGrad") == "AccumulateGrad"
    assert one_line("a\n b", 10) == "a b"
    assert len(one_line("x" * 500)) == 200
