"""The language of conditions and log messages: numbers, texts, names, comparisons, arithmetic, and/or/not, a few functions.

A condition is parsed into functions of ours and never evaluated as Python: ``node == 12``, ``norm > 1e3 and module ==
"encoder.0"``, ``not finite or hits % 10 == 0``. Names that a stop does not have are None, which compares equal to None alone.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

LONGEST = 1000  # characters
DEEPEST = 50  # levels of brackets and operators
NAMES = {
    "run": "number of the backward pass",
    "node": "the backward node's id",
    "name": "the node's name (MulBackward0), or the op's in forward",
    "op": "the op's name (mul)",
    "module": "path of the innermost module (encoder.0), '' outside of modules",
    "parameter": "name of the leaf, for AccumulateGrad",
    "hook": "name of the hook's function",
    "file": "the user's file, without its folder",
    "line": "the user's line",
    "step": "steps taken in this backward pass",
    "hits": "how often this breakpoint was met, this time included",
    "phase": "'forward' or 'backward'",
    "norm": "2-norm of the values: the op's results, or the gradients that the node passed on (before it runs: that arrived)",
    "nans": "how many elements are NaN",
    "infs": "how many elements are infinite",
    "zeros": "how many elements are 0",
    "count": "how many elements there are",
    "low": "the least finite element",
    "high": "the greatest finite element",
    "mean": "mean of the finite elements",
    "finite": "whether all elements are finite",
    "shape": "the shape, as a list",
    "dtype": "the type of the elements ('float32')",
    "exception": "the exception's type",
}
FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "abs": abs, "min": min, "max": max, "len": len, "round": round, "sqrt": math.sqrt, "log10": math.log10,
    "startswith": lambda text, head: str(text).startswith(str(head)), "endswith": lambda text, tail: str(text).endswith(str(tail)),
    "contains": lambda text, part: str(part) in str(text),
}  # fmt: skip

Values = Mapping[str, Any]
Term = Callable[[Values], Any]

_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.In: lambda a, b: a in b, ast.NotIn: lambda a, b: a not in b,
}  # fmt: skip
_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv, ast.Mod: operator.mod,
}  # fmt: skip


class ConditionError(ValueError):
    """A condition that cannot be understood: what, at which column, and what is allowed."""


class Condition:
    """A parsed condition. ``holds(values)`` tells whether it is met; ``names`` are those that it asks for."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.names: frozenset[str]
        self._term, self.names = _parsed(text)

    def value(self, values: Values) -> Any:
        """What it comes to. Raises ConditionError where the values do not fit: a text compared with a number."""
        try:
            return self._term(values)
        except (TypeError, ValueError, ZeroDivisionError, OverflowError) as error:
            raise ConditionError(f"`{self.text}`: {error}") from None

    def holds(self, values: Values) -> bool:
        """Whether it is met. Where a value is missing (None) a comparison is not met."""
        return bool(self.value(values))


def _parsed(text: str) -> tuple[Term, frozenset[str]]:
    if len(text) > LONGEST:
        raise ConditionError(f"a condition has at most {LONGEST} characters, this one has {len(text)}")
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        column = getattr(error, "offset", None)
        raise ConditionError(f"`{text}` is no condition" + (f": see column {column}" if column else "")) from None
    names: set[str] = set()
    return _term(tree.body, names, 0), frozenset(names)


def _term(node: ast.expr, names: set[str], depth: int) -> Term:
    if depth > DEEPEST:
        raise ConditionError(f"a condition is nested at most {DEEPEST} deep")
    below = depth + 1
    if isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, (bool, int, float, str))):
        value = node.value
        return lambda values: value
    if isinstance(node, ast.Name):
        return _name(node.id, names)
    if isinstance(node, (ast.List, ast.Tuple)):
        parts = [_term(element, names, below) for element in node.elts]
        return lambda values: [part(values) for part in parts]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Not, ast.USub)):
        inner = _term(node.operand, names, below)
        return (lambda values: not inner(values)) if isinstance(node.op, ast.Not) else (lambda values: -inner(values))
    if isinstance(node, ast.BoolOp):
        parts, together = [_term(operand, names, below) for operand in node.values], all if isinstance(node.op, ast.And) else any
        return lambda values: together(part(values) for part in parts)
    if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
        a, b, compute = _term(node.left, names, below), _term(node.right, names, below), _ARITHMETIC[type(node.op)]
        return lambda values: _computed(compute, a(values), b(values))
    if isinstance(node, ast.Compare) and all(type(op) in _COMPARE for op in node.ops):
        sides = [_term(side, names, below) for side in (node.left, *node.comparators)]
        tests = [_COMPARE[type(op)] for op in node.ops]
        return lambda values: _compared(tests, [side(values) for side in sides])
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        function = FUNCTIONS.get(node.func.id)
        if function is None:
            raise ConditionError(f"`{node.func.id}` is no function here; there are {', '.join(sorted(FUNCTIONS))}")
        if not node.keywords:
            parts = [_term(arg, names, below) for arg in node.args]
            return lambda values: function(*[part(values) for part in parts])
    raise ConditionError(
        f"`{ast.unparse(node)}` is not allowed in a condition: names, numbers, texts, comparisons, and, or, not, + - * / %"
    )


def _name(word: str, names: set[str]) -> Term:
    if word in ("inf", "nan"):
        number = float(word)
        return lambda values: number
    if word not in NAMES:
        raise ConditionError(f"`{word}` is not known here; there are {', '.join(sorted(NAMES))}")
    names.add(word)
    return lambda values: values.get(word)


def _computed(compute: Callable[[Any, Any], Any], a: Any, b: Any) -> Any:
    for operand in (a, b):
        if isinstance(operand, (str, list)):
            raise TypeError(f"arithmetic is for numbers, not {operand!r}")
    return None if a is None or b is None else compute(a, b)


def _compared(tests: list[Callable[[Any, Any], Any]], operands: list[Any]) -> bool:
    for place, test in enumerate(tests):
        a, b = operands[place : place + 2]
        if (a is None or b is None) and test not in (operator.eq, operator.ne):
            return False
        if not test(a, b):
            return False
    return True


class Message:
    """A log message with conditions' terms in braces: ``"{op} at {line}: {norm}"``. ``{{`` and ``}}`` are braces."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._parts: list[str | Condition] = []
        self.names: frozenset[str] = frozenset()
        for plain, term in re.findall(r"((?:[^{}]|\{\{|\}\})+)|\{([^{}]+)\}", text):
            if term:
                condition = Condition(term)
                self.names |= condition.names
                self._parts.append(condition)
            else:
                self._parts.append(plain.replace("{{", "{").replace("}}", "}"))
        if text and "".join(f"{{{part.text}}}" if isinstance(part, Condition) else part for part in self._parts) != text.replace(
            "{{", "{"
        ).replace("}}", "}"):
            raise ConditionError(f"`{text}` has a brace without its partner; write {{{{ and }}}} for braces")

    def filled(self, values: Values) -> str:
        """The message with the values in place."""
        words = []
        for part in self._parts:
            if isinstance(part, str):
                words.append(part)
            else:
                try:
                    value = part.value(values)
                except ConditionError as error:
                    value = f"<{error}>"
                words.append(f"{value:.6g}" if isinstance(value, float) else str(value))
        return "".join(words)
