"""Statements that change a tensor in place: what they change, and how to write them so that they make a new tensor.

Works on parsed source (``ast``); nothing is run.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

ONLY_IN_PLACE = frozenset(  # methods that PyTorch has in place only
    (
        "apply", "cauchy", "exponential", "fill_diagonal", "geometric", "log_normal", "map", "map2", "normal", "random", "set", "uniform",
    )
)  # fmt: skip
FILLS = {"zero": "zeros_like", "fill": "full_like"}


def changed(statement: ast.stmt | None) -> ast.expr | None:
    """The expression that a statement changes in place; None where it is none that one can see."""
    if isinstance(statement, ast.AugAssign):
        return statement.target
    if isinstance(statement, ast.Assign):
        for target in statement.targets:
            if isinstance(target, ast.Subscript):
                return target
    for call in _calls(statement):
        out = _keyword(call, "out")
        if out is not None:
            return out
        if isinstance(call.func, ast.Attribute) and _in_place(call.func.attr):
            root = _root(call.func)
            return call.args[0] if _is_library(root) and call.args else root
        if isinstance(call.func, ast.Name) and _in_place(call.func.id) and call.args:
            return call.args[0]
        if asks_in_place(call) and call.args:
            return call.args[0]
    return None


def method(statement: ast.stmt | None) -> str:
    """The in-place method or function that a statement calls, without its underscore; "" where it calls none."""
    for call in _calls(statement):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else call.func.id if isinstance(call.func, ast.Name) else ""
        if _in_place(name):
            return name.rstrip("_")
    return ""


def has_out(statement: ast.stmt | None) -> bool:
    """Whether a statement writes its result into a given tensor (``out=``)."""
    return any(_keyword(call, "out") is not None for call in _calls(statement))


def rewritten(statement: ast.stmt) -> str:
    """The statement written so that it makes a new tensor; "" where that is not plain to see."""
    if isinstance(statement, ast.AugAssign):
        if isinstance(statement.target, ast.Subscript):
            return ""
        value = ast.BinOp(statement.target, statement.op, statement.value)
        return f"{ast.unparse(statement.target)} = {ast.unparse(value)}"
    target = changed(statement)
    if target is None:
        return ""
    if isinstance(target, ast.Subscript):
        return _chosen(statement, target)
    if not isinstance(statement, (ast.Expr, ast.Assign, ast.Return)) or statement.value is None:
        return ""
    copied = copy.deepcopy(statement.value)
    name = method(statement)
    if name == "copy" and isinstance(copied, ast.Call) and copied.args:
        copied = ast.Call(ast.Attribute(copied.args[0], "clone"), [], [])
    elif name in FILLS and isinstance(copied, ast.Call):
        copied = ast.Call(ast.Attribute(ast.Name("torch"), FILLS[name]), [target, *copied.args], [])
    elif name in ONLY_IN_PLACE:
        whole = ast.unparse(copied)
        start = f"{ast.unparse(target)}."
        if not whole.startswith(start):
            return ""
        copied = ast.parse(f"{start}clone().{whole.removeprefix(start)}", mode="eval").body
    else:
        for call in ast.walk(copied):
            if isinstance(call, ast.Call):
                _turn(call)
    text = ast.unparse(copied)
    if isinstance(statement, ast.Return):
        return f"return {text}"
    if isinstance(statement, ast.Assign):
        return f"{' = '.join(ast.unparse(t) for t in statement.targets)} = {text}"
    return f"{ast.unparse(target)} = {text}" if isinstance(target, (ast.Name, ast.Attribute)) else ""


def _chosen(statement: ast.stmt, target: ast.Subscript) -> str:
    """``x[mask] = value`` with ``torch.where``."""
    if (
        isinstance(statement, ast.Assign)
        and isinstance(target.slice, ast.Compare)
        and isinstance(statement.value, (ast.Constant, ast.UnaryOp))
    ):
        name = ast.unparse(target.value)
        return f"{name} = torch.where({ast.unparse(target.slice)}, {ast.unparse(statement.value)}, {name})"
    return ""


def _turn(call: ast.Call) -> None:
    """A call that works in place into the one that does not."""
    if isinstance(call.func, ast.Attribute) and _in_place(call.func.attr):
        call.func.attr = call.func.attr.rstrip("_")
    elif isinstance(call.func, ast.Name) and _in_place(call.func.id):
        call.func.id = call.func.id.rstrip("_")
    call.keywords = [k for k in call.keywords if k.arg not in ("inplace", "out")]


def into_a_copy(statement: ast.stmt | None, name: str) -> str:
    """An assignment to a part of ``name``, written into a copy that is made after the right side was computed; "" for other statements."""
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return "" if statement is None else f"{name} = {name}.clone()\n{ast.unparse(statement)}"
    target, value = ast.unparse(statement.targets[0]), ast.unparse(statement.value)
    return f"part = {value}\n{name} = {name}.clone()\n{target} = part"


def makes_in_place(node: ast.AST, kind: str) -> bool:
    """Whether an expression makes a module of a class with ``inplace=True``."""
    return isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == kind and asks_in_place(node)


def not_in_place(statement: ast.stmt, kind: str) -> str:
    """A statement, the modules of a class that it makes without ``inplace=True``."""
    copied = copy.deepcopy(statement)
    for node in ast.walk(copied):
        if isinstance(node, ast.Call) and makes_in_place(node, kind):
            node.keywords = [k for k in node.keywords if k.arg != "inplace"]
    return ast.unparse(copied)


def says_in_place(statement: ast.stmt) -> bool:
    """Whether a statement has a call that says ``inplace=True``."""
    return any(asks_in_place(call) for call in _calls(statement))


def asks_in_place(call: ast.Call) -> bool:
    """Whether a call says ``inplace=True``."""
    value = _keyword(call, "inplace")
    return isinstance(value, ast.Constant) and value.value is True


def _keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((k.value for k in call.keywords if k.arg == name), None)


def _root(func: ast.Attribute) -> ast.expr:
    """What a chain of in-place calls begins with: ``p`` in ``p.add_(1).log_()``."""
    value = func.value
    while isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and _in_place(value.func.attr):
        value = value.func.value
    return value


def _is_library(value: ast.expr) -> bool:
    """Whether an expression is a module of torch (``torch``, ``F``, ``nn.functional``, ``nn.init``) and not a tensor."""
    parts = ast.unparse(value).split(".")
    return parts[0] in ("torch", "nn", "F", "init") and parts[-1] in ("torch", "functional", "F", "init")


def _in_place(name: str) -> bool:
    return name.endswith("_") and not name.endswith("__")


def _calls(statement: ast.stmt | None) -> Iterator[ast.Call]:
    if isinstance(statement, (ast.Expr, ast.Assign, ast.Return, ast.AnnAssign)) and statement.value is not None:
        for node in ast.walk(statement.value):
            if isinstance(node, ast.Call):
                yield node
