"""What the lines of a script say: the text of a line, the names that it assigns, the name that it changes in place.

The texts are those on the tape; they are parsed (``ast``), never run.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..tape.schema import Frame
from .rewriting import changed, makes_in_place, rewritten

OPERATORS: dict[type[ast.operator], frozenset[str]] = {
    ast.Add: frozenset(("add",)),
    ast.Sub: frozenset(("sub", "rsub")),
    ast.Mult: frozenset(("mul",)),
    ast.Div: frozenset(("div",)),
    ast.Pow: frozenset(("pow", "pow_number")),
    ast.MatMult: frozenset(("mm", "mv", "dot", "bmm", "matmul")),
}
ALIASES = {"pow": "pow_number", "norm": "vector_norm", "chunk": "split", "max": "amax", "T": "t"}
NESTING = 50_000  # characters of a source that is parsed; a stranger's tape must not make the parser eat the stack


class Sources:
    """The source files of a tape, by line."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self._lines: dict[str, list[str]] = {}
        self._statements: dict[str, dict[int, ast.stmt]] = {}
        self._functions: dict[str, dict[ast.stmt, str]] = {}  # by file: each return and the name of its function

    def line(self, frame: Frame | None) -> str:
        """The text of a frame's line without its indentation; "" where it is not known."""
        if frame is None:
            return ""
        lines = self._lines.get(frame.file)
        if lines is None:
            lines = self._lines[frame.file] = self._texts.get(frame.file, "").splitlines()
        return lines[frame.line - 1].strip() if 1 <= frame.line <= len(lines) else ""

    def statement(self, frame: Frame | None) -> ast.stmt | None:
        """The innermost statement that stands on a frame's line."""
        if frame is None:
            return None
        found = self._statements.get(frame.file)
        if found is None:
            found = self._statements[frame.file] = self._parsed(frame.file)
        return found.get(frame.line)

    def _parsed(self, file: str) -> dict[int, ast.stmt]:
        text = self._texts.get(file, "")
        statements: dict[int, ast.stmt] = {}
        if not text or len(text) > 20 * NESTING:
            return statements
        try:
            tree = ast.parse(text)
            returns = self._functions.setdefault(file, {})
            for node in ast.walk(tree):  # outer statements come before inner ones
                if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                    returns.update({one: node.name for one in ast.walk(node) if isinstance(one, ast.Return)})
                if isinstance(node, ast.stmt):
                    compound = hasattr(node, "body")
                    last = node.lineno if compound else node.end_lineno or node.lineno
                    for line in range(node.lineno, last + 1):
                        statements[line] = node
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return statements
        return statements

    def assigned(self, frame: Frame | None) -> tuple[str, ...]:
        """The names that the statement on a frame's line assigns, as the user wrote them: ``h``, ``self.cache``."""
        statement = self.statement(frame)
        targets: list[ast.expr] = []
        if isinstance(statement, ast.Assign):
            targets = list(statement.targets)
        elif isinstance(statement, (ast.AnnAssign, ast.AugAssign)):
            targets = [statement.target]
        return tuple(name for target in targets for name in _names(target))

    def follow(self, frame: Frame) -> frozenset[str]:
        """The names into which what a line computes goes through Python: those that it assigns, those that are assigned from them,
        the containers that they are put into, the functions that return them."""
        statement = self.statement(frame)
        names = set(self.assigned(frame))
        if isinstance(statement, ast.Return):
            names.add(frame.function.rpartition(".")[2])
        every = {id(one): one for one in self._statements.get(frame.file, {}).values()}
        grown = bool(names)
        while grown:
            grown = False
            for one in every.values():
                if _used(one) & names:
                    added = _receivers(one, self._functions.get(frame.file, {})) - names
                    names |= added
                    grown = grown or bool(added)
        return frozenset(names)

    def mentions(self, frame: Frame | None, names: frozenset[str]) -> bool:
        """Whether the statement on a frame's line reads one of these names."""
        statement = self.statement(frame)
        return statement is not None and bool(_used(statement) & names)

    def returns(self, frame: Frame | None) -> bool:
        """Whether the statement on a frame's line gives a value to the caller."""
        return isinstance(self.statement(frame), ast.Return)

    def outermost(self, frame: Frame | None) -> frozenset[str]:
        """The names of ops that are the last to run for the value of the statement on a frame's line: ``add`` for ``a * b + c``,
        ``exp`` for ``x.exp()``. Empty where that cannot be seen, or where the same runs more than once."""
        statement = self.statement(frame)
        if not isinstance(statement, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Return)) or statement.value is None:
            return frozenset()
        if isinstance(statement, ast.AugAssign):
            return OPERATORS.get(type(statement.op), frozenset())
        names = _op_names(statement.value)
        same = sum(1 for node in ast.walk(statement.value) if isinstance(node, ast.expr) and names & _op_names(node))
        return names if same == 1 else frozenset()

    def rewrite(self, frame: Frame | None, text: str) -> dict[str, Any] | None:
        """The statement on a frame's line replaced by ``text``, for machines: file, first and last line, the new text with its
        indentation; None where there is no such statement or no text."""
        statement = self.statement(frame)
        if frame is None or statement is None or not text or hasattr(statement, "body"):
            return None
        indented = "\n".join(" " * statement.col_offset + line for line in text.splitlines())
        return {"file": frame.file, "line": statement.lineno, "last": statement.end_lineno or statement.lineno, "text": indented}

    def constructed(self, stack: Iterable[Frame], kind: str) -> Frame | None:
        """The one line, in the files of a stack, that makes modules of a class with ``inplace=True``; None for none or several."""
        found = []
        for file in dict.fromkeys(frame.file for frame in stack):
            self.statement(Frame(file, 1, ""))
            for statement in {id(one): one for one in self._statements.get(file, {}).values()}.values():
                if not hasattr(statement, "body") and any(makes_in_place(node, kind) for node in ast.walk(statement)):
                    found.append(Frame(file, statement.lineno, ""))
        return found[0] if len(found) == 1 else None

    def with_true(self, frame: Frame | None, function: str, keyword: str) -> str:
        """The statement on a frame's line, its call of ``function`` given ``keyword=True``; "" where there is not one such call."""
        statement = copy.deepcopy(self.statement(frame))
        if statement is None or hasattr(statement, "body"):
            return ""
        calls = [
            node
            for node in ast.walk(statement)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == function
        ]
        if len(calls) != 1:
            return ""
        calls[0].keywords = [*(k for k in calls[0].keywords if k.arg != keyword), ast.keyword(keyword, ast.Constant(True))]
        return ast.unparse(statement)

    def reads(self, frame: Frame | None) -> frozenset[str]:
        """The names that the statement on a frame's line reads."""
        statement = self.statement(frame)
        return frozenset() if statement is None else frozenset(_used(statement))

    def text(self, frame: Frame | None) -> str:
        """The whole statement that a frame's line belongs to, in one line; "" where it is not known or holds others."""
        statement = self.statement(frame)
        return "" if statement is None or hasattr(statement, "body") else ast.unparse(statement)

    def changed(self, frame: Frame | None) -> str:
        """The expression that the statement on a frame's line changes in place (``h`` in ``h += 1`` and in ``h.add_(1)``,
        ``h[0]`` in ``h[0] = 1``); "" where it is none that one can see."""
        target = changed(self.statement(frame))
        return "" if target is None else ast.unparse(target)

    def out_of_place(self, frame: Frame | None) -> str:
        """The statement on a frame's line written so that it makes a new tensor; "" where that is not plain to see."""
        statement = self.statement(frame)
        return "" if statement is None else rewritten(statement)


def _names(target: ast.expr) -> Iterator[str]:
    if isinstance(target, (ast.Tuple, ast.List)):
        for element in target.elts:
            yield from _names(element)
    elif isinstance(target, ast.Starred):
        yield from _names(target.value)
    elif isinstance(target, (ast.Name, ast.Attribute, ast.Subscript)):
        yield ast.unparse(target)


def _used(statement: ast.stmt) -> set[str]:
    """The names that a statement itself reads: of a compound one, those of its head."""
    parts: list[ast.AST]
    if isinstance(statement, (ast.For, ast.AsyncFor)):
        parts = [statement.iter]
    elif isinstance(statement, (ast.If, ast.While)):
        parts = [statement.test]
    elif hasattr(statement, "body"):
        return set()
    else:
        parts = [statement]
    return {
        ast.unparse(node)
        for part in parts
        for node in ast.walk(part)
        if isinstance(node, ast.Name) or (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name))
        if isinstance(node.ctx, ast.Load) or isinstance(statement, ast.AugAssign)
    }


def _receivers(statement: ast.stmt, functions: Mapping[ast.stmt, str]) -> set[str]:
    """The names that a statement's value goes into."""
    if isinstance(statement, ast.Assign):
        return {name.partition("[")[0] for target in statement.targets for name in _names(target)}
    if isinstance(statement, (ast.AnnAssign, ast.AugAssign, ast.For, ast.AsyncFor)):
        return {name.partition("[")[0] for name in _names(statement.target)}
    if isinstance(statement, ast.Return):
        return {functions[statement]} if statement in functions else set()
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call) and isinstance(statement.value.func, ast.Attribute):
        call = statement.value.func
        return {ast.unparse(call.value)} if call.attr in ("append", "add", "extend", "insert", "update", "appendleft") else set()
    return set()


def _op_names(value: ast.expr) -> frozenset[str]:
    if isinstance(value, ast.BinOp):
        return OPERATORS.get(type(value.op), frozenset())
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
        name = value.func.attr.rstrip("_")
        return frozenset((name, ALIASES.get(name, name)))
    return frozenset()
