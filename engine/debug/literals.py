"""What stands on a tape as text, read back strictly: numbers, words, rows of these, and the names of types. Nothing is evaluated.

A tape may come from a stranger. A text is at most CAP characters, is parsed and never run, and a name means something only where it is
in a table here.
"""

from __future__ import annotations

import ast
import math
from typing import Any

from .. import devices, dtypes, layouts

CAP = 8192  # characters
MOST = 1 << 40  # a whole number beyond that is no size of anything
_NAMES: dict[str, Any] = {"inf": math.inf, "nan": math.nan}
_TORCH: dict[str, Any] = {repr(kind).removeprefix("torch."): kind for kind in dtypes.ALL} | {"strided": layouts.strided} | layouts.FORMATS
_ROWS: dict[type, type] = {ast.Tuple: tuple, ast.List: list}


class Unreadable(ValueError):
    """A text that is no literal."""


def literal(text: str) -> Any:
    """The value that ``text`` is the repr of. Raises Unreadable."""
    if len(text) > CAP:
        raise Unreadable(f"a text of {len(text)} characters")
    try:
        return _value(ast.parse(text, mode="eval").body)
    except (SyntaxError, RecursionError, MemoryError, ValueError) as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable(f"{text[:40]!r} is no literal") from None


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.Constant):
        return _checked(node.value)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_number(node.operand)
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):  # 1+2j
        first, second = _number(node.left), _number(node.right)
        if not isinstance(second, complex):
            raise Unreadable("a sum")
        return first + second if isinstance(node.op, ast.Add) else first - second
    if isinstance(node, (ast.Tuple, ast.List)):
        return _ROWS[type(node)](map(_value, node.elts))
    if isinstance(node, ast.Name) and node.id in _NAMES:
        return _NAMES[node.id]
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "torch" and node.attr in _TORCH:
        return _TORCH[node.attr]
    if isinstance(node, ast.Call):
        return _made(node)
    raise Unreadable(f"a {type(node).__name__}")


def _made(node: ast.Call) -> Any:
    """``torch.Size([2, 3])`` and ``device(type='cpu')``."""
    name = ast.unparse(node.func)
    if name == "torch.Size" and len(node.args) == 1 and not node.keywords:
        return tuple(_value(node.args[0]))
    if name == "device" and not node.args and [word.arg for word in node.keywords] == ["type"]:
        kind = _value(node.keywords[0].value)
        if kind == "cpu":
            return devices.CPU_DEVICE
    raise Unreadable(f"a call of {name[:40]}")


def _number(node: ast.expr) -> Any:
    found = _value(node)
    if type(found) not in (int, float, complex):
        raise Unreadable(f"a {type(found).__name__} where a number is due")
    return found


def _checked(value: Any) -> Any:
    if type(value) is int and abs(value) > MOST:
        raise Unreadable("a whole number beyond all sizes")
    if value is not None and type(value) not in (int, float, complex, bool, str):
        raise Unreadable(f"a {type(value).__name__}")
    return value
