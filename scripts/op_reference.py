"""Writes what the declarations of the ops say: engine/ops/REFERENCE.md as a page, and the facts that the window's Help shows.

scripts/op_reference.py            write both
scripts/op_reference.py --check    exit code 1 if one is not what the declarations say
"""

from __future__ import annotations

import inspect
import json
import sys
from collections import defaultdict
from pathlib import Path

import op_calls  # declares all ops

import gradstep.engine.names
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
    return json.dumps([fact(op) for op in sorted(OPS.values(), key=lambda op: op.name)], indent=0, ensure_ascii=False) + "\n"


def fact(op: Op) -> dict[str, object]:
    """What is said of an op."""
    rules: dict[str, str] = {}
    helpers: dict[str, str] = {}
    for names, rule in (*op.rules.items(), *op.joint.items()):
        text, used = op_calls.rule_text(rule)
        rules[names if isinstance(names, str) else ", ".join(names)] = text
        helpers |= used
    return {
        "name": op.name, "family": op.family, "call": op_calls.call(op), "torch": op.torch or "",
        "through": [] if op_calls.call(op) else op_calls.callers().get(op, []), "within": op_calls.rules_with().get(op, []),
        "node": node(op), "keeps": keeps(op), "rules": rules, "helpers": dict(sorted(helpers.items())), "doc": op.doc,
    }  # fmt: skip


if __name__ == "__main__":
    made = {PAGE: reference(), FACTS: facts()}
    if "--check" in sys.argv:
        sys.exit(0 if all(file.exists() and file.read_text(encoding="utf-8") == text for file, text in made.items()) else 1)
    for file, text in made.items():
        file.write_text(text, encoding="utf-8")
        print(file)
