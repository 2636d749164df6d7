"""What is known of the declared ops: read from the file that scripts/op_reference.py makes of the declarations. No Qt."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("op_reference.json")


@dataclass(frozen=True, slots=True)
class OpFacts:
    """``call`` is how a user calls it, "" where nobody does; ``through`` then are the calls that lead to it, the nearest first, and
    ``within`` the ops in whose gradients it stands. ``torch`` is the name below ``torch``, "" where PyTorch has none; ``node`` the backward
    node's, "" without a derivative; ``rules`` give for each input the gradient that it gets, in ops, where ``g`` is the one that arrived,
    and ``helpers`` what they use that is no op."""

    name: str
    family: str
    call: str
    torch: str
    through: tuple[str, ...]
    within: tuple[str, ...]
    node: str
    keeps: tuple[str, ...]
    rules: Mapping[str, str]
    helpers: Mapping[str, str]
    doc: str


@functools.cache
def ops() -> Mapping[str, OpFacts]:
    """All declared ops by name, in its order."""
    found = json.loads(FILE.read_text(encoding="utf-8"))
    lists = ("keeps", "through", "within")
    return {one["name"]: OpFacts(**{**one, **{name: tuple(one[name]) for name in lists}}) for one in found}


def search(text: str) -> list[OpFacts]:
    """The ops in which all words of a text stand: first those called so, then those whose name begins so, then the others; of each
    first those that a user calls."""
    words = text.casefold().split()
    whole = " ".join(words)

    def rank(op: OpFacts) -> int:
        names = [op.name.casefold(), op.torch.casefold(), op.node.casefold()]
        if whole and whole in names:
            return 0
        return 1 if any(name.startswith(whole) for name in names) else 2 if any(whole in name for name in names) else 3

    def fits(op: OpFacts) -> bool:
        through = (call.partition("(")[0] for call in op.through)
        line = " ".join((op.name, op.torch, op.node, op.family, op.doc, *through)).casefold()
        return all(word in line for word in words)

    return sorted((op for op in ops().values() if fits(op)), key=lambda op: (rank(op), not op.call, op.name))


def of_node(op: str, node: str) -> OpFacts | None:
    """The op of a node on a tape: by the op's own name, else by the node's, also where PyTorch calls it a little differently
    (``NllLossBackward0``, ``MaxPool2DWithIndicesBackward0``)."""
    if op in ops():
        return ops()[op]
    exact = next((found for found in ops().values() if found.node and found.node == node), None)
    if exact is not None or not node:
        return exact
    letters = _letters(re.sub(r"(WithIndices)?Backward\d*$", "", node))
    return next((found for found in ops().values() if letters in (_letters(found.name), _letters(found.torch.rpartition(".")[2]))), None)


def _letters(name: str) -> str:
    return name.replace("_", "").casefold()
