"""The uses of ``torch`` in a parsed file: every dotted name with its place, and methods called on what may be tensors.

Names are followed through imports and assignments (``nn = torch.nn``, ``Block = nn.Linear``), scope by scope, as far as
that goes without running anything.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .names import is_place

_ROOTS = {"torch": "torch", "gradstep.engine": "torch"}
# what tensors give that is no tensor
_NOT_TENSORS = frozenset(
    {"item", "tolist", "numpy", "size", "dim", "numel", "stride", "type", "backward", "shape", "dtype", "device", "ndim"}
)
_TESTS = ("is_", "get_", "set_", "manual_seed", "save", "load", "finfo", "iinfo", "device", "no_grad", "enable_grad", "inference_mode")


@dataclass(frozen=True, slots=True)
class Use:
    """A name of torch in a file. ``method``: of a tensor; ``certain`` says whether it surely is one."""

    path: str
    line: int
    column: int
    method: bool = False
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Import:
    """A module that a file imports, by its first name."""

    name: str
    line: int
    column: int


def uses(tree: ast.Module) -> Iterator[Use | Import]:
    """All uses in the order of the file."""
    scan = _Scan()
    scan.visit(tree)
    yield from sorted(scan.found, key=lambda use: (use.line, use.column))


class _Scan(ast.NodeVisitor):
    """Walks a file with what the names of the open scopes stand for: a path of torch, "tensor" in front, or None (something else)."""

    def __init__(self) -> None:
        self.scopes: list[dict[str, str | None]] = [{}]
        self.tensors: list[set[str]] = [set()]
        self.found: list[Use | Import] = []

    # ------------------------------------------------------------------------------------ what names stand for

    def known(self, name: str) -> str | None:
        """The path of torch that a name stands for."""
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        return None

    def bind(self, target: ast.expr, path: str | None, tensor: bool = False) -> None:
        """A name is assigned to."""
        if isinstance(target, ast.Name):
            self.scopes[-1][target.id] = path
            (self.tensors[-1].add if tensor else self.tensors[-1].discard)(target.id)
        elif isinstance(target, (ast.Tuple, ast.List)):
            for element in target.elts:
                self.bind(element, None)
        elif isinstance(target, ast.Starred):
            self.bind(target.value, None)

    def path(self, node: ast.expr) -> str | None:
        """The path of torch that an expression spells."""
        if isinstance(node, ast.Name):
            return self.known(node.id)
        if isinstance(node, ast.Attribute):
            outer = self.path(node.value)
            return f"{outer}.{node.attr}" if outer is not None and is_place(outer) else None
        return None

    def is_tensor(self, node: ast.expr) -> bool:
        """Whether an expression evidently is a tensor."""
        if isinstance(node, ast.Name):
            return any(node.id in names for names in reversed(self.tensors))
        if isinstance(node, ast.Call):
            path = self.path(node.func)
            if path is not None:
                name = path.rpartition(".")[2]
                home = path.rpartition(".")[0]
                functions = home in ("torch", "torch.nn.functional", "torch.linalg", "torch.fft", "torch.special")
                return functions and name[:1].islower() and not name.startswith(_TESTS)
            return isinstance(node.func, ast.Attribute) and node.func.attr not in _NOT_TENSORS and self.is_tensor(node.func.value)
        if isinstance(node, ast.BinOp):
            return self.is_tensor(node.left) or self.is_tensor(node.right)
        return isinstance(node, ast.UnaryOp) and not isinstance(node.op, ast.Not) and self.is_tensor(node.operand)

    # ------------------------------------------------------------------------------------ imports

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.found.append(Import(alias.name.partition(".")[0], node.lineno, node.col_offset + 1))
            root = next((r for r in _ROOTS if alias.name == r or alias.name.startswith(r + ".")), None)
            if root is None:
                self.scopes[-1][alias.asname or alias.name.partition(".")[0]] = None
                continue
            path = _ROOTS[root] + alias.name[len(root) :]
            self.use(path, node)
            if alias.asname:
                self.scopes[-1][alias.asname] = path
            elif root == "torch":
                self.scopes[-1]["torch"] = "torch"

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        if node.level == 0:
            self.found.append(Import(module.partition(".")[0], node.lineno, node.col_offset + 1))
        root = next((r for r in _ROOTS if module == r or module.startswith(r + ".")), None)
        for alias in node.names:
            if root is None or node.level:
                from_house = node.level == 0 and module == "gradstep" and alias.name == "engine"
                self.scopes[-1][alias.asname or alias.name] = "torch" if from_house else None
                continue
            path = _ROOTS[root] + module[len(root) :]
            if alias.name == "*":
                self.use(path, node)
                continue
            self.use(f"{path}.{alias.name}", alias)
            self.scopes[-1][alias.asname or alias.name] = f"{path}.{alias.name}"

    def use(self, path: str, node: Any) -> None:
        if path != "torch":
            self.found.append(Use(path, node.lineno, node.col_offset + 1))

    # ------------------------------------------------------------------------------------ expressions

    def visit_Attribute(self, node: ast.Attribute) -> None:
        path = self.path(node)
        if path is not None:
            self.use(path, node)
            return  # what it begins with is part of it
        if self.path(node.value) is None:
            place = node.end_col_offset - len(node.attr) + 1 if node.end_col_offset is not None else node.col_offset + 1
            line = node.end_lineno or node.lineno
            self.found.append(Use(f"torch.Tensor.{node.attr}", line, place, method=True, certain=self.is_tensor(node.value)))
        self.visit(node.value)

    def visit_Name(self, node: ast.Name) -> None:
        """A name alone says nothing new: what it stands for was reported where it was bound."""

    def visit_Call(self, node: ast.Call) -> None:
        spelled = node.func.id if isinstance(node.func, ast.Name) else ""
        if spelled in ("getattr", "hasattr") and len(node.args) > 1 and isinstance(node.args[1], ast.Constant):
            outer = self.path(node.args[0])
            if outer is not None and isinstance(node.args[1].value, str):
                if spelled == "getattr" and len(node.args) == 2:
                    self.use(f"{outer}.{node.args[1].value}", node)
                return  # the script asks, and knows what to do without
        self.generic_visit(node)

    # ------------------------------------------------------------------------------------ assignments and scopes

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        path, tensor = self.path(node.value), self.is_tensor(node.value)
        for target in node.targets:
            if not isinstance(target, (ast.Name, ast.Tuple, ast.List)):
                self.visit(target)
            self.bind(target, path, tensor)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.visit(node.annotation)
        if node.value is not None:
            self.visit(node.value)
            self.bind(node.target, self.path(node.value), self.is_tensor(node.value))

    def visit_For(self, node: ast.For) -> None:
        self.visit(node.iter)
        self.bind(node.target, None)
        for statement in [*node.body, *node.orelse]:
            self.visit(statement)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> None:
        for decorator in getattr(node, "decorator_list", []):
            self.visit(decorator)
        for default in [*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)]:
            self.visit(default)
        parameters = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        parameters += [extra for extra in (node.args.vararg, node.args.kwarg) if extra is not None]
        for parameter in parameters:
            if parameter.annotation is not None:
                self.visit(parameter.annotation)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            if node.returns is not None:
                self.visit(node.returns)
            self.scopes[-1][node.name] = None
        self.scopes.append({parameter.arg: None for parameter in parameters})
        annotated = {p.arg for p in parameters if p.annotation is not None and self.path(p.annotation) == "torch.Tensor"}
        self.tensors.append(annotated)
        for statement in node.body if isinstance(node.body, list) else [node.body]:
            self.visit(statement)
        self.scopes.pop()
        self.tensors.pop()

    visit_FunctionDef = visit_AsyncFunctionDef = visit_Lambda = _function

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for part in [*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)]:
            self.visit(part)
        self.scopes[-1][node.name] = None
        self.scopes.append({})
        self.tensors.append(set())
        for statement in node.body:
            self.visit(statement)
        self.scopes.pop()
        self.tensors.pop()

    def visit_Try(self, node: ast.Try) -> None:
        """What stands under a guard against missing names is the script's own affair; the rest is looked at."""
        before = len(self.found)
        for statement in node.body:
            self.visit(statement)
        if any(_catches_absence(handler.type) for handler in node.handlers):
            del self.found[before:]
        for handler in node.handlers:
            self.visit(handler)
        for statement in [*node.orelse, *node.finalbody]:
            self.visit(statement)


def _catches_absence(caught: ast.expr | None) -> bool:
    names = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(isinstance(n, ast.Name) and n.id in ("ImportError", "ModuleNotFoundError", "AttributeError") for n in names)
