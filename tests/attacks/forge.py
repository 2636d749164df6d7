"""Makes tape files whose checksums are right, whatever is in them: from records, or from rows of words that no recorder writes."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gradstep.engine.tape.log import BLOB, COMPLETE, END, ROWS, frame_bytes, head_bytes
from gradstep.engine.tape.schema import (
    Call,
    CallBegin,
    CallEnd,
    Frame,
    GradAdded,
    GradStored,
    Hook,
    HookCalled,
    HookKind,
    Meta,
    Node,
    NodeEnter,
    NodeExit,
    NodeKind,
    NodeReady,
    Note,
    Op,
    Payload,
    Record,
    Role,
    Run,
    RunBegin,
    RunEnd,
    Saved,
    Slot,
    Source,
    Stats,
    Tensor,
    Val,
)
from gradstep.engine.tape.wire import BLOCK_HEAD, STATS_ROW, TEXT, WORDS, Encoder, stats_row

NAME = bytes(range(16))
SEED = zlib.crc32(NAME)
Rows = npt.NDArray[np.int64]


def save(file: Path, *frames: tuple[int, bytes], last: bytes = COMPLETE) -> None:
    """A tape with these records (kind and body) and an end, which says how it ended."""
    with open(file, "wb") as stream:
        stream.write(head_bytes(NAME))
        for number, (kind, body) in enumerate((*frames, (END, last))):
            stream.write(frame_bytes(SEED, kind, number, body))


def block(rows: Rows, pool: Iterable[int] | Rows = (), text: bytes = b"") -> tuple[int, bytes]:
    """A record of rows as they are."""
    words = np.asarray(list(pool) if not isinstance(pool, np.ndarray) else pool, "<i8")
    return ROWS, b"".join((BLOCK_HEAD.pack(len(rows), len(words), len(text)), rows.astype("<i8").tobytes(), words.tobytes(), text))


def rows(count: int, code: int, first_id: int = 0) -> Rows:
    """So many rows of one kind, numbered from ``first_id`` on, the other words zero."""
    made = np.zeros((count, WORDS), np.int64)
    made[:, 0] = code
    made[:, 1] = np.arange(first_id, first_id + count)
    return made


def texts(words: Iterable[bytes], first: int = 1) -> tuple[Rows, bytes]:
    """The rows of strings, and their bytes."""
    known = list(words)
    made = rows(len(known), TEXT, first)
    lengths = np.array([len(word) for word in known])
    made[:, 2], made[:, 3] = np.cumsum(lengths) - lengths, lengths
    return made, b"".join(known)


def encoded(records: Iterable[Record]) -> list[tuple[int, bytes]]:
    """Records as a recorder would write them: their data, their rows, their statistics."""
    encoder = Encoder()
    frames: list[tuple[int, bytes]] = []
    stats: list[bytes] = []
    for record in records:
        if isinstance(record, Stats):
            stats.append(STATS_ROW.pack(*stats_row(record)))
            continue
        place = 0
        if isinstance(record, Payload) and len(record.data):
            place = len(frames)
            frames.append((BLOB, bytes(record.data)))
        encoder.record(record, (place, 0))
    encoder.commit()
    frames.append((ROWS, encoder.take()[0]))
    if stats:
        frames.append((2, b"".join(stats)))
    return frames


def network(text: str, op: str = "mul", params: tuple[tuple[str, str], ...] = (), value: bytes = bytes(12)) -> list[Record]:
    """A sound tape of one op and its backward pass, in which everything that has a name has this one."""
    meta, one = Meta("float32", (3,), text), Frame(text, 1, text)
    stats = [Stats(Val(id, 0), 3, 1.0, 0.0, 1.0, 0.5, 1, 1, 0, 0) for id in (1, 2, 3, 4)]
    val = [None, *(Val(id, 0) for id in (1, 2, 3, 4))]
    end = '{"type": "%s", "text": "%s", "file": "%s", "line": 1}' % ((text.replace("\\", "").replace('"', ""),) * 3)
    return [
        Note("begin", text), Source(text, f"{text}\n{text}"), Call(1, text, text), Call(2, text, text, 1),
        Tensor(1, Meta("float32", (3,), "cpu"), 1, None, Role.LEAF, text),
        Node(1, NodeKind.ACCUMULATE, text, 1 << 62, (meta,), (), None, (), 1),
        Tensor(2, meta, 2, None, Role.ACTIVATION, text), CallBegin(0, None, 0, 0.0, 1),
        Node(2, NodeKind.FUNCTION, text, 1, (meta,), (Slot(1, 0), Slot(1, 0)), 1, (Saved(text, Val(1, 0)), Saved(text, None))),
        Op(1, op if op else text, (val[1], val[1]), (Val(2, 0),), (Slot(2, 0),), (one, one), 2, None, params or ((text, text),)),
        CallEnd(1, None, 0, 0.0, 1), Hook(1, HookKind.TENSOR, text, one, 2, 0), Tensor(3, meta, 3, None, Role.GRADIENT, text),
        Payload(Val(1, 0), "float32", (3,), value), Payload(Val(2, 0), "float32", (3,), value), Payload(Val(3, 0), "float32", (3,), value),
        Run(1, (Slot(2, 0),), (val[3],), frozenset((1, 2)), False, False, True, (one,)), RunBegin(2, 1, 0, 0.0),
        GradAdded(3, 1, 0, 0.0, None, Slot(2, 0), val[3]), NodeReady(4, 1, 0, 0.0, 2), HookCalled(5, 1, 0, 0.0, 1, 2, (val[3],), (val[3],)),
        NodeEnter(6, 1, 0, 0.0, 2, (val[3],)), Tensor(4, meta, 4, None, Role.GRADIENT, text), Payload(Val(4, 0), "float32", (3,), value),
        NodeExit(7, 1, 0, 0.0, 2, (val[4], val[4])), GradAdded(8, 1, 0, 0.0, Slot(2, 0), Slot(1, 0), val[4]),
        GradAdded(9, 1, 0, 0.0, Slot(2, 1), Slot(1, 0), val[4]), NodeReady(10, 1, 0, 0.0, 1), NodeEnter(11, 1, 0, 0.0, 1, (val[4],)),
        GradStored(12, 1, 0, 0.0, 1, None, val[4]), NodeExit(13, 1, 0, 0.0, 1, ()), RunEnd(14, 1, 0, 0.0, text), Note("end", end),
        Note("dropped", text), Note("stopped", text), *stats,
    ]  # fmt: skip
