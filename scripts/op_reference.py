"""Writes engine/ops/REFERENCE.md from the declarations of the ops: what users can call, and what each node keeps.

scripts/op_reference.py            write the page
scripts/op_reference.py --check    exit code 1 if it is not what the declarations say
"""

from __future__ import annotations

import inspect
import sys
from collections import defaultdict
from pathlib import Path

import gradstep.engine.names  # declares all ops
from gradstep.engine.op import OPS, Op

PAGE = Path(__file__).resolve().parent.parent / "engine" / "ops" / "REFERENCE.md"
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


def row(op: Op) -> str:
    """A line of the table."""
    parameters = [p.replace(annotation=inspect.Parameter.empty) for p in op.signature.parameters.values()]
    call = f"{op.name}{inspect.Signature(parameters)}"
    needs = dict.fromkeys(n for names in op.needs.values() for n in names if n not in ("g", "needs", *op.params))
    node = op._node if isinstance(op._node, str) else "by its arguments" if op._node is not None else op.node_name((), ())
    node = node if op.differentiable_inputs else ""
    sentence = op.doc.split("\n\n")[0].replace("\n", " ").replace("|", "\\|")
    return f"| `{call}` | {op.torch or ''} | {node} | {', '.join(needs)} | {sentence} |"


if __name__ == "__main__":
    text = reference()
    if "--check" in sys.argv:
        sys.exit(0 if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text else 1)
    PAGE.write_text(text, encoding="utf-8")
    print(PAGE)
