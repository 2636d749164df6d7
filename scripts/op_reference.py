"""Writes what the declarations of the ops say: engine/ops/REFERENCE.md as a page, and the facts that the window's Help shows.

scripts/op_reference.py            write both
scripts/op_reference.py --check    exit code 1 if one is not what the declarations say
"""

from __future__ import annotations

import ast
import functools
import inspect
import json
import sys
import textwrap
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradstep.engine.names  # declares all ops
from gradstep.engine.op import OPS, Op

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "engine" / "ops" / "REFERENCE.md"
FACTS = ROOT / "gui" / "guide" / "op_reference.json"  # the window knows no engine
HEAD = """# The declared ops

Made by `scripts/op_reference.py` from the declarations; `tests/engine/test_op_reference.py` compares. {count} ops, of which
{differentiable} have a derivative. PyTorch: the name below `torch` under which PyTorch has it; empty for ops that only rules use.
Node: the name of the backward node. Keeps: what backward keeps, by the names that the rules ask for (`out` is the output, a
name with `_shape` or `_dtype` keeps no data). Functions that are made of ops (`matmul`, `cross_entropy`, `linear`) are not
listed: they leave the nodes of their parts in the graph.
"""


def reference() -> str:
    """The page."""
    assert gradstep.engine.names
    families: dict[str, list[Op]] = defaultdict(list)
    for op in OPS.values():
        families[op.family].append(op)
    lines = [HEAD.format(count=len(OPS), differentiable=sum(1 for op in OPS.values() if op.differentiable_inputs))]
    for family in sorted(families):
        lines += [f"## {family}", "", "| op | PyTorch | node | keeps | |", "|---|---|---|---|---|"]
        lines += [row(op) for op in sorted(families[family], key=lambda op: op.name)]
        lines.append("")
    return "\n".join(lines)


def call(op: Op) -> str:
    """The op as one calls it."""
    parameters = [p.replace(annotation=inspect.Parameter.empty) for p in op.signature.parameters.values()]
    return f"{op.name}{inspect.Signature(parameters)}"


def keeps(op: Op) -> list[str]:
    """What backward keeps, by the names that the rules ask for."""
    return list(dict.fromkeys(n for names in op.needs.values() for n in names if n not in ("g", "needs", *op.params)))


def node(op: Op) -> str:
    """The name of the backward node; "" for an op without a derivative."""
    name = op._node if isinstance(op._node, str) else "by its arguments" if op._node is not None else op.node_name((), ())
    return name if op.differentiable_inputs else ""


def row(op: Op) -> str:
    """A line of the table."""
    sentence = op.doc.split("\n\n")[0].replace("\n", " ").replace("|", "\\|")
    return f"| `{call(op)}` | {op.torch or ''} | {node(op)} | {', '.join(keeps(op))} | {sentence} |"


def facts() -> str:
    """What is said of each op, for programs."""
    found = [
        {
            "name": op.name, "family": op.family, "call": call(op), "torch": op.torch or "", "node": node(op), "keeps": keeps(op),
            "rules": {", ".join(n) if isinstance(n, tuple) else n: rule_text(rule) for n, rule in (*op.rules.items(), *op.joint.items())},
            "doc": op.doc,
        }
        for op in sorted(OPS.values(), key=lambda op: op.name)
    ]  # fmt: skip
    return json.dumps(found, indent=0, ensure_ascii=False) + "\n"


@functools.cache
def _lambdas(file: str) -> list[ast.Lambda]:
    tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    return [found for found in ast.walk(tree) if isinstance(found, ast.Lambda)]


def rule_text(rule: Callable[..., Any]) -> str:
    """A rule as it is written; a lambda without what stands around it, and no comments."""
    if rule.__name__ != "<lambda>":
        return ast.unparse(ast.parse(textwrap.dedent(inspect.getsource(rule))))
    code = rule.__code__
    names = code.co_varnames[: code.co_argcount]
    for found in _lambdas(code.co_filename):
        if found.lineno == code.co_firstlineno and tuple(argument.arg for argument in found.args.args) == names:
            return ast.unparse(found.body)
    raise LookupError(f"{code.co_filename}:{code.co_firstlineno}: no such lambda")


if __name__ == "__main__":
    made = {PAGE: reference(), FACTS: facts()}
    if "--check" in sys.argv:
        sys.exit(0 if all(file.exists() and file.read_text(encoding="utf-8") == text for file, text in made.items()) else 1)
    for file, text in made.items():
        file.write_text(text, encoding="utf-8")
        print(file)
