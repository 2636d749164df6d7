"""The largest tensors of a tape in words: what to look at when memory runs out. No Qt."""

from __future__ import annotations

import numpy as np

from gradstep.engine.tape import columns
from gradstep.engine.tape.elements import DTYPES, size_of
from gradstep.engine.tape.reader import Tape

from ..widgets.formats import shape_text

MOST = 1 << 62  # bytes: a tape may claim any shape


def largest(tape: Tape, count: int = 3) -> list[tuple[str, int]]:
    """Name or maker, shape and line of the largest tensors, one for each piece of memory, and the bytes of each."""
    tensors = columns.tensors(tape)
    bytes_of = [min(size_of(meta.dtype, meta.shape), MOST) if meta.dtype in DTYPES else 0 for meta in tape.metas()]
    sizes = np.array(bytes_of, np.int64)[tensors.meta]
    owning = np.flatnonzero((tensors.base == 0) & (sizes > 0))
    by_size = owning[np.argsort(-sizes[owning], kind="stable")]
    _, firsts = np.unique(tensors.storage[by_size], return_index=True)
    ids = tensors.id[by_size[np.sort(firsts)[:count]]]
    _, made = columns.values_of_ops(tape, 0, inputs=False)
    by_us = np.isin(made.tensor, ids)
    ops = columns.ops(tape, 0).id[made.owner[by_us]]
    maker_of = dict(zip(made.tensor[by_us].tolist(), ops.tolist(), strict=True))
    words = []
    for tensor in [tape.tensors[id] for id in ids.tolist()]:
        op = tape.ops[maker_of[tensor.id]] if tensor.id in maker_of else None
        line = f", line {op.stack[0].line}" if op is not None and op.stack else ""
        name = tensor.name or (op.name if op is not None else f"tensor {tensor.id}")
        words.append((f"{name} {shape_text(tensor.meta.shape)}{line}", size_of(tensor.meta.dtype, tensor.meta.shape)))
    return words
