"""The largest tensors of a tape in words: what to look at when memory runs out. No Qt."""

from __future__ import annotations

import heapq

from gradstep.engine.tape.elements import DTYPES, size_of
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.schema import Tensor

from ..widgets.formats import shape_text


def largest(tape: Tape, count: int = 3) -> list[tuple[str, int]]:
    """Name or maker, shape and line of the largest tensors, one for each piece of memory, and the bytes of each."""
    storages: dict[int, tuple[int, Tensor]] = {}
    for tensor in tape.tensors.values():
        size = size_of(tensor.meta.dtype, tensor.meta.shape) if tensor.meta.dtype in DTYPES else 0
        if size > storages.get(tensor.storage, (0, None))[0] and tensor.base is None:
            storages[tensor.storage] = size, tensor
    found = heapq.nlargest(count, storages.values(), key=lambda one: one[0])
    makers = {out.tensor: op for op in tape.ops.values() for out in op.outs}
    words = []
    for size, tensor in found:
        op = makers.get(tensor.id)
        line = f", line {op.stack[0].line}" if op is not None and op.stack else ""
        name = tensor.name or (op.name if op is not None else f"tensor {tensor.id}")
        words.append((f"{name} {shape_text(tensor.meta.shape)}{line}", size))
    return words
