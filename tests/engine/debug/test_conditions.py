"""Conditions are their own small language: what holds, what is refused, and that nothing is ever run."""

from __future__ import annotations

import pytest

from gradstep.engine.debug.breakpoints import hit_test, value_test
from gradstep.engine.debug.conditions import DEEPEST, Condition, ConditionError, Message

VALUES = {"norm": 2.5, "node": 12, "op": "mul", "nans": 0, "shape": [2, 3], "module": "", "finite": True, "low": None}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("norm > 2", True),
        ("1 < norm <= 2.5", True),
        ("norm > 2 and op == 'mul'", True),
        ("norm > 3 or not finite", False),
        ("op in ['mul', 'add']", True),
        ("startswith(op, 'm') and len(shape) == 2", True),
        ("node % 10 == 2", True),
        ("shape == [2, 3]", True),
        ("low < 0", False),  # there is none: not met
        ("low == None", True),
        ("abs(-norm) >= inf", False),
        ("-1 < nans", True),
        ("parameter == 'w'", False),
    ],
)
def test_a_condition_holds_or_not(text: str, holds: bool) -> None:
    assert Condition(text).holds(VALUES) is holds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "norm >",
        "__import__('os').system('true')",
        "op.__class__",
        "[x for x in shape]",
        "lambda: 1",
        "norm := 1",
        "nosuch == 1",
        "open('x')",
        "shape[0] == 2",
        "f'{norm}'",
        "norm ** 1000000 > 1",
        "-" * 200 + "1",
        "not " * (DEEPEST + 2) + "finite",
        "x" * 2000,
    ],
)
def test_what_is_no_condition_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(ConditionError) as error:
        Condition(text).holds(VALUES)
    assert str(error.value)


def test_values_that_do_not_fit_are_an_error_of_the_condition() -> None:
    with pytest.raises(ConditionError, match="'<' not supported"):
        Condition("op < 3").holds(VALUES)
    with pytest.raises(ConditionError, match="arithmetic is for numbers"):
        Condition("op * 1000000 == 1").holds(VALUES)
    with pytest.raises(ConditionError):
        Condition("norm / 0 == 1").holds(VALUES)


def test_a_message_has_terms_in_braces() -> None:
    assert Message("{op} of node {node}: {norm} {{as is}}").filled(VALUES) == "mul of node 12: 2.5 {as is}"
    assert Message("{op < 1}").filled(VALUES).startswith("<`op < 1`")
    for text in ("{op", "op}", "{nosuch}"):
        with pytest.raises(ConditionError):
            Message(text)


def test_hit_counts_and_tests_of_values_say_what_they_take() -> None:
    assert [n for n in range(1, 7) if hit_test("% 3")(n)] == [3, 6]
    assert [n for n in range(1, 5) if hit_test(">= 3")(n)] == [3, 4]
    assert [n for n in range(1, 5) if hit_test("2")(n)] == [2]
    assert value_test("norm > 1e3")({"norm": 2e3, "nans": 0})
    assert value_test("shape = [2, 3]")({"shape": [2, 3]})
    for text in ("0", "x", "-1"):
        with pytest.raises(ConditionError):
            hit_test(text)
    for text in ("big", "norm > much", "shape = 2"):
        with pytest.raises(ConditionError):
            value_test(text)
