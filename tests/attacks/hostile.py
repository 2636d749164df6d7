"""Tapes made to do harm: every checksum is right. Each entry of ``HOSTILE`` writes one."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import numpy as np

from gradstep.engine.tape.log import BLOB, FRAME, STATISTICS, frame_bytes, head_bytes
from gradstep.engine.tape.schema import (
    Call,
    CallBegin,
    Frame,
    GradAdded,
    Meta,
    Node,
    NodeKind,
    Note,
    Op,
    Payload,
    Record,
    Rewound,
    Run,
    RunBegin,
    Slot,
    Tensor,
    Val,
)
from gradstep.engine.tape.statistics import STATS
from gradstep.engine.tape.wire import CALL, EVENT, HOOK, META, NODE, NOTE, OP, PARAMS, PAYLOAD, RUN, STACK, TENSOR, TEXT

from .forge import NAME, SEED, block, encoded, network, rows, save, texts

Make = Callable[[Path], None]
MANY = 1_000_000
DEEP = 100_000
FLOAT = Meta("float32", (), "cpu")

TEXTS = {
    "a name with ../": "../../../../etc/passwd",
    "an absolute name": "/etc/passwd",
    "a name of another machine": "//evil.example/share/x.py",
    "a picture from the network": '<img src="http://127.0.0.1:9/x.png">',
    "a picture from the disk": '<img src="file:///etc/passwd"><a href="file:///etc/passwd">x</a>',
    "a link": "<a href='http://127.0.0.1:9/'>http://127.0.0.1:9/</a>",
    "control characters": "\x1b]0;owned\x07\x1b[2J\x1b[31mx\r\x00\x08\x7f\x9b",
    "direction overrides": "\u202egnp.exe\u2066x\u2069\u200f\u061c",
    "line ends": "a\nb: 9 ops: sound; complete\u2028c\u2029\x85",
    "markup of dot": '"]; evil [label="x',
    "markup of xml": "]]></data><!ENTITY x SYSTEM 'file:///etc/passwd'>&x;",
    "format fields": "{0.__class__} %s %(x)s ${HOME} $(touch x) `touch x`",
    "a long name": "n" * (1 << 20),
    "code": "__import__('os').system('touch owned')",
}
PARAMETERS = {
    "code in a parameter": "__import__('os').system('touch owned')",
    "a deep parameter": "[" * DEEP + "]" * DEEP,
    "a deep parameter of brackets": "(" * DEEP,
    "a deep sign": "-" * DEEP + "1",
    "a long number": "9" * 1_000_000,
    "a huge number": "1e999999999",
    "a huge power": "10 ** 10 ** 10",
    "a huge list": "[0] * 10000000000",
    "a format": "'{0.__class__.__init__.__globals__}'",
}


class _Bomb:
    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, ("touch owned",)


def _records(file: Path, make: Callable[[], Iterable[Record]]) -> None:
    save(file, *encoded(make()))


def _named(file: Path, text: str) -> None:
    _records(file, lambda: network(text))


def _op_named(file: Path, op: str) -> None:
    _records(file, lambda: network("x", op))


def _parameter(file: Path, text: str) -> None:
    _records(file, lambda: network("x", "sum", (("dim", text), ("keepdim", text))))


def _invalid_text(file: Path) -> None:
    """Bytes that are no UTF-8, surrogates, and noncharacters."""
    names, text = texts([b"\xff\xfe\xed\xa0\x80\xf4\x90\x80\x80\xc0\xaf", b"\xed\xb3\xbf.py", b"k"])
    notes = rows(1, NOTE)
    notes[:, 2], notes[:, 3] = 1, 2
    calls = rows(1, CALL, 1)
    calls[:, 2], calls[:, 3] = 1, 2
    save(file, block(np.concatenate([names, notes, calls]), (), text))


def _many_names(file: Path) -> None:
    """A million tensors, each with a name of its own."""
    step, frames = 250_000, []
    shape = rows(1, META, 1)
    frames.append(block(shape))
    for start in range(0, MANY, step):
        names, text = texts((b"name%d" % n for n in range(start, start + step)), 1 + start)
        tensors = rows(step, TENSOR, 1 + start)
        tensors[:, 2], tensors[:, 3], tensors[:, 5] = 1, 1, names[:, 1]
        frames.append(block(np.concatenate([names, tensors]), (), text))
    save(file, *frames)


def _many_notes(file: Path) -> None:
    names, text = texts([b"dropped", b"x" * 1000])
    notes = rows(MANY // 2, NOTE)
    notes[:, 1], notes[:, 2], notes[:, 3] = 0, 1, 2
    save(file, block(names, (), text), block(notes), block(notes))


def _many_calls(file: Path) -> None:
    """A million module calls side by side."""
    calls = rows(MANY, CALL, 1)
    save(file, *(block(calls[start : start + 500_000]) for start in range(0, MANY, 500_000)))


def _many_runs(file: Path) -> None:
    """Many passes that each need all nodes."""
    nodes = rows(20_000, NODE, 1)
    nodes[:, 0] |= NodeKind.FUNCTION << 8
    nodes[:, 7] = 3 * np.arange(len(nodes))
    runs = rows(20_000, RUN, 1)
    runs[:, 2] = 5 * np.arange(len(runs))
    pools = np.tile(np.array([0, 0, 1, 1, len(nodes)]), len(runs))
    begins = rows(len(runs), EVENT, 1)
    save(file, block(nodes, np.zeros(3 * len(nodes), np.int64)), block(runs, pools), block(begins))


def _deep_calls(file: Path) -> None:
    def make() -> Iterable[Record]:
        for id in range(1, DEEP + 1):
            yield Call(id, f"m{id}", "Linear", id - 1 or None)
        yield Tensor(1, FLOAT, 1)
        for id in range(1, 1001):
            yield Op(id, "mul", (Val(1, 0),), (Val(1, 0),), (None,), (), DEEP - id)

    _records(file, make)


def _deep_runs(file: Path) -> None:
    def make() -> Iterable[Record]:
        for id in range(1, DEEP + 1):
            yield Run(id, (), (), frozenset(), False, False, True, (), id - 1 or None)
        for i in range(DEEP):
            yield RunBegin(i, i + 1, 0, 0.0)

    _records(file, make)


def _deep_events(file: Path) -> None:
    _records(file, lambda: [Call(1, "m", "Linear"), *(CallBegin(i, None, 0, 0.0, 1) for i in range(DEEP))])


def _deep_chain(file: Path) -> None:
    """A chain of nodes, each made by the one before; a base of a base."""

    def make() -> Iterable[Record]:
        for id in range(1, DEEP + 1):
            yield Tensor(id, FLOAT, 1, id - 1 or None)
            yield Node(id, NodeKind.FUNCTION, "MulBackward0", id, (FLOAT,), (Slot(id - 1, 0) if id > 1 else None,), made_by=id - 1 or None)

    _records(file, make)


def _deep_json(file: Path) -> None:
    deep = "[" * DEEP + "]" * DEEP
    numbers = "9" * 100_000
    _records(file, lambda: [Note("begin", deep), Note("begin", numbers), Note("end", deep), Note("end", numbers), Note("stopped", deep)])


def _odd_end(file: Path, text: str) -> None:
    _records(file, lambda: [Note("begin", text), Note("end", text), Note("branch", text), Note("experiment", text), Note("edit", text)])


def _one_slot(file: Path) -> None:
    """Very many gradients for one slot."""

    def make() -> Iterable[Record]:
        yield Tensor(1, FLOAT, 1)
        yield Node(1, NodeKind.FUNCTION, "MulBackward0", 1, (FLOAT,), ())
        yield Run(1, (Slot(1, 0),), (None,), frozenset((1,)), False, False, True)
        yield RunBegin(0, 1, 0, 0.0)
        for i in range(1, DEEP + 1):
            yield GradAdded(i, 1, 0, 0.0, None, Slot(1, 0), Val(1, 0))

    _records(file, make)


def _rewound(file: Path) -> None:
    """A history that goes back all the way, again and again."""

    def make() -> Iterable[Record]:
        yield Tensor(1, FLOAT, 1)
        yield Node(1, NodeKind.FUNCTION, "MulBackward0", 1, (FLOAT,), ())
        yield Run(1, (Slot(1, 0),), (None,), frozenset((1,)), False, False, True)
        yield RunBegin(0, 1, 0, 0.0)
        for i in range(1, 4000):
            yield GradAdded(i, 1, 0, 0.0, None, Slot(1, 0), Val(1, 0))
        for i in range(4000, 8000):
            yield Rewound(i, 1, 0, 0.0, (-5, 0, 1 << 40, i, i - 1)[i % 5])

    _records(file, make)


def _overlapping_texts(file: Path) -> None:
    """A hundred thousand strings in the same megabyte."""
    names = rows(DEEP, TEXT, 1)
    names[:, 3] = 1 << 20
    save(file, block(names, (), bytes(1 << 20)))


def _overlapping(code: int, file: Path) -> None:
    """Ten thousand lists in the same words."""
    words = 90_000
    made = rows(10_000, code, 1)
    pool = np.zeros(words + 3, np.int64)
    if code == META:
        made[:, 5] = 64
    elif code in (STACK, PARAMS):
        made[:, 3] = words // 3
    else:
        made[:, 1] = np.arange(1, len(made) + 1)
        if code == OP:
            pool[2] = words // 2 - 2
        elif code == NODE:
            made[:, 0] |= NodeKind.FUNCTION << 8
            pool[0] = words
        elif code == RUN:
            pool[0] = words // 2
    save(file, block(made, pool))


def _shapes(file: Path) -> None:
    """Shapes whose product overflows, that are empty and huge at once, and values that say they are of them."""
    shapes = [(1 << 40, 1 << 40), (1 << 62,) * 64, (0, 1 << 62), (1 << 62, 0, 1 << 62), (1 << 31, 1 << 31, 4), (3,) * 64]

    def make() -> Iterable[Record]:
        for id, shape in enumerate(shapes, 1):
            yield Tensor(id, Meta("float32", shape, "cpu"), id)
            yield Payload(Val(id, 0), "float32", shape, bytes(12))
            yield Payload(Val(id, 1), "float32", shape, b"")
            yield Op(id, "mul", (Val(id, 0),), (Val(id, 1),), (None,), ())

    _records(file, make)


def _strides(file: Path) -> None:
    """Orders in memory that lead outside of the value."""

    def make() -> Iterable[Record]:
        for id, strides in enumerate([(1 << 40,), (-1,), (1, 1, 1), (1 << 62,)], 1):
            yield Tensor(id, Meta("float32", (3,), "cpu"), id)
            yield Payload(Val(id, 0), "float32", (3,), bytes(12), strides if min(strides) >= 0 else ())

    _records(file, make)


def _pickles(file: Path) -> None:
    """Pickles where values are, under names of types that would load them."""
    data = pickle.dumps(_Bomb())

    def make() -> Iterable[Record]:
        for id, dtype in enumerate(("object", "O", "O8", "|O", "V40", "datetime64[ns]", "pickle", "S40", "float32,float32", "bfloat16"), 1):
            yield Tensor(id, Meta(dtype, (len(data) // 8,), "cpu"), id, name=dtype)
            yield Payload(Val(id, 0), dtype, (len(data) // 8,), data)
        yield Note("begin", data.decode("latin-1"))

    _records(file, make)


def _large_value(file: Path) -> None:
    """A value of 512 MiB in a file that has next to nothing on the disk."""
    size = 512 << 20
    meta = Meta("uint8", (size,), "cpu")
    frames = encoded([Tensor(1, meta, 1), Tensor(2, meta, 2)])
    place = rows(1, PAYLOAD, 1)
    place[:, 2:8] = [0, 1, 0, 0, size, 0]
    import zlib

    with open(file, "wb") as stream:
        checksum = SEED
        piece = bytes(1 << 20)
        for _ in range(size >> 20):
            checksum = zlib.crc32(piece, checksum)
        head = FRAME.pack(b"GSTF", BLOB, size, 0, checksum, 0)[:-4]
        stream.write(head_bytes(NAME) + head + zlib.crc32(head, SEED).to_bytes(4, "little"))
        stream.seek(size, os.SEEK_CUR)
        for number, (kind, body) in enumerate((*frames, block(place), (4, b"end")), 1):
            stream.write(frame_bytes(SEED, kind, number, body))


def _hole(file: Path) -> None:
    """A tape with a hole of two terabytes behind its head."""
    with open(file, "wb") as stream:
        stream.write(head_bytes(NAME))
        stream.truncate(2 << 40)


def _statistics(file: Path) -> None:
    odd = [0, -1, 1 << 62, -(1 << 63), 1]
    table = np.array([(1, n, n, x, x, x, x, n, n, n, n, n) for n in odd for x in (np.nan, np.inf, -np.inf, -0.0, 1e308)], STATS)
    frames = encoded([Tensor(1, FLOAT, 1)])
    save(file, *frames, (STATISTICS, table.tobytes()))


def _huge_ids(file: Path) -> None:
    far = (1 << 62) - 2

    def make() -> Iterable[Record]:
        yield Call(far, "m", "Linear")
        yield Tensor(far, FLOAT, far)
        yield Node(far, NodeKind.FUNCTION, "MulBackward0", far, (FLOAT,), (None,), far)
        yield Op(far, "mul", (Val(far, far),), (Val(far, far),), (Slot(far, far),), (Frame("a.py", far, "f"),), far)
        yield Run(far, (Slot(far, far),), (Val(far, far),), frozenset((far,)), False, False, True)
        yield RunBegin(0, far, 0, 0.0)
        yield GradAdded(1, far, 0, 0.0, None, Slot(far, 1 << 19), Val(far, far))
        yield Rewound(2, far, 0, 0.0, far)

    _records(file, make)


def _twice(file: Path) -> None:
    """Ids that are introduced again, so that parents lie inside of their children."""

    def make() -> Iterable[Record]:
        yield from (Call(1, "m", "Linear"), Call(2, "m", "Linear", 1), Call(1, "m", "Linear", 2))
        yield from (Run(id, (), (), frozenset(), False, False, True, (), parent) for id, parent in ((1, None), (2, 1), (1, 2)))
        yield Tensor(1, FLOAT, 1)
        yield Op(1, "mul", (Val(1, 0),), (Val(1, 0),), (None,), (), 1)
        yield from (RunBegin(0, 1, 0, 0.0), RunBegin(1, 2, 0, 0.0))
        from gradstep.engine.tape.schema import RunEnd

        yield RunEnd(2, 1, 0, 0.0, "")

    _records(file, make)


def _words(file: Path) -> None:
    """Rows of every kind that there is and is not, with every word too large."""
    made = np.full((256, 8), (1 << 63) - 1, np.int64)
    made[:, 0] = np.arange(256)
    save(file, *(block(row[None]) for row in made))


def _hooks_many(file: Path) -> None:
    hooks = rows(MANY // 2, HOOK, 1)
    hooks[:, 3] = -1
    save(file, block(hooks))


HOSTILE: dict[str, Make] = {
    **{name: partial(_named, text=text) for name, text in TEXTS.items()},
    **{f"an op called {op}": partial(_op_named, op=op) for op in ("os.system", "__class__", "hub.load", "load", "../x", "")},
    **{name: partial(_parameter, text=text) for name, text in PARAMETERS.items()},
    **{
        f"a note {name}": partial(_odd_end, text=text)
        for name, text in {
            "of a list": "[1, 2]", "of a number": "-1e400", "of NaN": "NaN",
            "with odd fields":
            '{"type": 3, "text": [], "file": {}, "line": "x"}',
            "with a long key": '{"' + "k" * 1000 + '": 1}', "of null": "null",
            "with markup": '{"type": "<b>x", "text": "<img src=x>", "file": "/etc/passwd", "line": 1}',
        }.items()
    },
    "text that is no text": _invalid_text,
    "a million names": _many_names,
    "a million notes": _many_notes,
    "a million calls": _many_calls,
    "half a million hooks": _hooks_many,
    "20,000 passes of 20,000 nodes": _many_runs,
    "100,000 nested calls": _deep_calls,
    "100,000 nested passes": _deep_runs,
    "100,000 calls begun": _deep_events,
    "a chain of 100,000 nodes": _deep_chain,
    "JSON 100,000 deep": _deep_json,
    "100,000 gradients in a slot": _one_slot,
    "a history that goes back": _rewound,
    "strings that overlap": _overlapping_texts,
    **{f"{name} that overlap": partial(_overlapping, code) for name, code in
       {"shapes": META, "stacks": STACK, "parameters": PARAMS, "ops": OP, "nodes": NODE, "passes": RUN}.items()},
    "shapes that overflow": _shapes,
    "strides": _strides,
    "pickles": _pickles,
    "a value of 512 MiB": _large_value,
    "a hole of two terabytes": _hole,
    "odd statistics": _statistics,
    "huge numbers": _huge_ids,
    "ids given twice": _twice,
    "every kind of row": _words,
}  # fmt: skip
