"""How a user comes to each declared op: the public functions that call it, with their signatures, and the rules it stands in."""

from __future__ import annotations

import ast
import builtins
import dis
import functools
import inspect
import textwrap
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import gradstep.engine as torch
import gradstep.engine.names
import gradstep.engine.ops
from gradstep.engine.op import OPS, Op

IN_PLACE = 100  # functions farther away: a method that writes into its tensor is named where no other leads to the op
DEPTH = 7  # functions that stand between a public one and the op, at most
SURFACE = {
    "torch": torch, "torch.nn.functional": torch.nn.functional, "torch.linalg": torch.linalg, "torch.fft": torch.fft,
    "torch.special": torch.special, "Tensor": torch.Tensor,
}  # fmt: skip


def spelled(path: str) -> str:
    """A name below ``torch`` as one writes it: methods of tensors stand at ``Tensor``."""
    return path if path.startswith("Tensor.") else f"torch.{path}"


def found(path: str) -> Any:
    """What stands at a name below ``torch``; None where nothing does."""
    here: Any = torch
    for part in path.split("."):
        here = getattr(here, part, None)
    return here


def signature(name: str, function: Any, op: Op | None = None) -> str:
    """A public function as one calls it. One that takes whatever the op takes has the op's parameters."""
    parameters = list(inspect.signature(function).parameters.values())
    if op is not None and all(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters):
        parameters = list(op.signature.parameters.values())
    if name.startswith("Tensor."):
        parameters = parameters[1:]
    shown = [p.replace(annotation=inspect.Parameter.empty) for p in parameters if not p.name.startswith("_")]
    return f"{name}{inspect.Signature(shown)}"


def _loaded(code: CodeType, scope: dict[str, Any]) -> Iterator[Any]:
    """The globals that a code uses, also those that it finds in modules."""
    here: Any = None
    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            here = scope.get(str(step.argval))
            yield here
        elif step.opname in ("LOAD_ATTR", "LOAD_METHOD") and isinstance(here, ModuleType):
            here = getattr(here, str(step.argval), None)
            yield here
        else:
            here = None
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _loaded(constant, scope)


@functools.cache
def used(function: FunctionType) -> tuple[tuple[Op, ...], tuple[FunctionType, ...]]:
    """The ops that a function of the engine calls itself, and the engine's functions that it calls."""
    within = [cell.cell_contents for cell in function.__closure__ or () if cell != type(cell)()]
    things = [*_loaded(function.__code__, function.__globals__), *within, getattr(function, "__wrapped__", None)]
    ops = dict.fromkeys(thing for thing in things if isinstance(thing, Op))
    functions = dict.fromkeys(
        thing
        for thing in things
        if isinstance(thing, FunctionType) and thing.__module__.startswith("gradstep.engine") and thing is not function
    )
    return tuple(ops), tuple(functions)


def reached(function: FunctionType) -> dict[Op, int]:
    """The ops that a function comes to, and how many functions stand between."""
    far: dict[Op, int] = {}
    seen, front = {function}, [function]
    for depth in range(DEPTH):
        following: list[FunctionType] = []
        for one in front:
            ops, functions = used(one)
            for op in ops:
                far.setdefault(op, depth)
            following += [other for other in functions if other not in seen]
            seen.update(functions)
        front = following
    return far


@functools.cache
def callers() -> dict[Op, list[str]]:
    """The calls through which an op is reached, of those with the fewest functions between, as they are written."""
    assert gradstep.engine.names
    ways: dict[Op, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    for place, holder in SURFACE.items():
        for name, function in inspect.getmembers(holder, inspect.isfunction):
            operator = name.startswith("__") and name.endswith("__") and holder is torch.Tensor
            if name.startswith("_") and not operator:
                continue
            second = IN_PLACE if name.endswith("_") and not operator else 0
            for op, depth in reached(function).items():
                ways[op][depth + second].append(signature(f"{place}.{name}", function, op))
    return {op: list(dict.fromkeys(depths[min(depths)])) for op, depths in ways.items()}


@functools.cache
def rules_with() -> dict[Op, list[str]]:
    """The ops in whose gradients an op stands."""
    stands: dict[Op, dict[str, None]] = defaultdict(dict)
    for op in OPS.values():
        rules: list[Callable[..., Any]] = [*op.rules.values(), *op.joint.values()]
        for rule in rules:
            for other in reached(rule) if isinstance(rule, FunctionType) else ():
                if other is not op:
                    stands[other][op.name] = None
    return {op: list(names) for op, names in stands.items()}


def call(op: Op) -> str:
    """The op as a user calls it; "" where it has no public name."""
    function = found(op.torch) if op.torch and not op.torch.split(".")[-1].startswith("_") else None
    return signature(spelled(op.torch or ""), function, op) if inspect.isroutine(function) else ""


# ---------------------------------------------------------------------------------------------------------------- the rules


@functools.cache
def _lambdas(file: str) -> list[ast.Lambda]:
    tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.Lambda)]


def _written(rule: Callable[..., Any]) -> ast.AST:
    """A function as it is written; of a lambda what it gives."""
    if rule.__name__ != "<lambda>":
        return ast.parse(textwrap.dedent(inspect.getsource(rule))).body[0]
    code = rule.__code__
    names = code.co_varnames[: code.co_argcount]
    for node in _lambdas(code.co_filename):
        if node.lineno == code.co_firstlineno and tuple(argument.arg for argument in node.args.args) == names:
            return ast.parse(ast.unparse(node.body), mode="eval").body
    raise LookupError(f"{code.co_filename}:{code.co_firstlineno}: no such lambda")


class _Public(ast.NodeTransformer):
    """Helpers without the underscore of their names, ops by the names that they have; which helpers there are."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._scope = {**function.__globals__, **inspect.getclosurevars(function).nonlocals}
        self.helpers: dict[str, FunctionType] = {}

    def visit_Name(self, node: ast.Name) -> ast.AST:
        known = self._scope.get(node.id)
        if isinstance(getattr(known, "op", None), Op):
            return ast.Name(known.op.name, node.ctx) if known is not None else node
        if not node.id.startswith("_") or known is None:
            return node
        if isinstance(known, int | float | str):
            return ast.Constant(known)
        if isinstance(known, FunctionType):
            self.helpers[shown_name(node.id)] = known
        return ast.Name(shown_name(node.id), node.ctx)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        """Without its type, which says nothing here: all are tensors and numbers."""
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.decorator_list, node.returns = [], None
        return self.generic_visit(node)


@functools.cache
def _taken() -> frozenset[str]:
    """Names that stand for something else in the files of the ops: variables, parameters, what Python has."""
    names = {"g", "out", *OPS, *dir(builtins)}
    for file in Path(gradstep.engine.ops.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.arg | ast.Name):
                names.add(node.arg if isinstance(node, ast.arg) else node.id)
    return frozenset(names)


def shown_name(name: str) -> str:
    """The name of a helper on a page: one that something else has too says that it is another."""
    bare = name.strip("_")
    return f"{bare}_of" if bare in _taken() else bare


def rule_text(rule: Callable[..., Any]) -> tuple[str, dict[str, str]]:
    """A rule as one reads it, without comments and what stands around it, and the helpers that it and they use, each as it is written."""
    public, helpers = _Public(rule), {}
    text = _text(public.visit(_written(rule)), "gradient")
    waiting = dict(public.helpers)
    while waiting:
        name, function = waiting.popitem()
        inner = _Public(function)
        helpers[name] = _text(inner.visit(_written(function)), name)
        waiting.update({one: made for one, made in inner.helpers.items() if one not in helpers})
    return text, helpers


def _text(tree: ast.AST, name: str) -> str:
    if isinstance(tree, ast.FunctionDef):
        tree.name = name
    return ast.unparse(ast.fix_missing_locations(tree))
