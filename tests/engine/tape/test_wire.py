"""Every kind of record goes through rows of words and comes back equal."""

from __future__ import annotations

import pytest

from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.schema import (
    ACCUMULATE_SEQUENCE,
    EVENTS,
    NOUNS,
    Bumped,
    Call,
    CallBegin,
    CallEnd,
    Edited,
    Event,
    Frame,
    Freed,
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
    Rewound,
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
from gradstep.engine.tape.wire import Encoder

THREAD = 0x7FFF_FFFF_F700  # what threading.get_ident() may give
META = Meta("float32", (3, 0, 1 << 40), "cuda:1")
FRAME = Frame("/home/ünïcode/ä b.py", 12, "Net.forward")
EVENT_FIELDS: dict[type[Event], list[tuple[object, ...]]] = {
    RunBegin: [()],
    GradAdded: [(Slot(1, 2), Slot(3, 4), Val(5, 6)), (None, Slot(3, 0), None)],
    NodeReady: [(9,)],
    HookCalled: [(1, 2, (Val(1, 0), None), (None,)), (1, None, (Val(1, 0),), ())],
    NodeEnter: [(1, ()), (1, (None,)), (1, (Val(2, 3),)), (1, (Val(2, 3), None, Val(4, 5)))],
    GradStored: [(1, None, Val(2, 0)), (1, Val(2, 0), Val(2, 1)), (1, Val(2, 1), None)],
    NodeExit: [(1, ()), (1, (Val(2, 3),)), (1, (None, None))],
    Freed: [(3,)],
    Bumped: [(1, 2, 3, None), (1, 2, 3, 4)],
    Edited: [(Slot(1, 2), None, Val(3, 4)), (Slot(1, 0), Val(3, 4), None)],
    Rewound: [(-1,), (7,)],
    CallBegin: [(1,)],
    CallEnd: [(1,)],
    RunEnd: [("",), ("ValueError: \n☃",)],
}
NOUNS_LIST: list[Record] = [
    Tensor(1, META, 5),
    Tensor(2, META, 5, 1, Role.LEAF, "weight"),
    Call(1, "", "Net"),
    Call(2, "fc", "Linear", 1),
    Node(1, NodeKind.ACCUMULATE, "AccumulateGrad", ACCUMULATE_SEQUENCE, (META,), (), variable=2),
    Node(2, NodeKind.CUSTOM, "Mine", 0, (None, META), (Slot(1, 0), None), 3, (Saved("a", Val(1, 0)), Saved("b", None)), None, 1),
    Op(
        3,
        "mul",
        (Val(1, 0), None),
        (Val(2, 0), Val(2, 1)),
        (Slot(2, 0), None),
        (FRAME, FRAME),
        2,
        1,
        (("dim", "1"),),
        False,
        THREAD,
        1.5,
        0.25,
    ),
    Op(4, "rand", (), (), (), ()),
    Hook(1, HookKind.TENSOR, "lambda", FRAME, 1, 0, 2),
    Hook(2, HookKind.MODULE, "print", None),
    Run(1, (Slot(1, 0), Slot(2, 1)), (Val(1, 0), None), frozenset({1, 2, 3, 7, 9, 10}), True, False, True, (FRAME,), None, None, THREAD),
    Run(2, (), (), frozenset(), False, True, False, (), 1, 2),
    Payload(Val(1, 0), "float32", (2,), b"12345678"),
    Payload(Val(1, 1), "bool", (0, 4), b""),
    Source("a.py", "x = 1\n" * 1000),
    Note("begin", "{}", 2.0),
    Stats(Val(1, 0), 3, 1.0, -1.0, 2.0, 0.5, 1, 0, 0, 0),
    Stats(Val(1, 1), 3, 1.0, -1.0, 2.0, 0.5, 1, 2, 3, 4, True),
]


def events() -> list[Record]:
    made: list[Record] = []
    for kind, variants in EVENT_FIELDS.items():
        for number, fields in enumerate(variants):
            run, thread = (None, 0) if number % 2 else (1, THREAD)
            made.append(kind(len(made), run, thread, len(made) / 8, *fields))  # type: ignore[arg-type]
    return made


def test_the_lists_here_have_every_kind() -> None:
    assert set(EVENT_FIELDS) == set(EVENTS)
    assert {type(record) for record in NOUNS_LIST} == set(NOUNS)


def test_every_record_comes_back_equal() -> None:
    records = [*NOUNS_LIST[:-2], *events(), *NOUNS_LIST[-2:]]
    assert list(Tape.of(records).records()) == records


def test_what_repeats_is_written_once() -> None:
    encoder = Encoder()
    encoder.record(NOUNS_LIST[6])
    before = len(encoder.draft.rows)
    encoder.record(NOUNS_LIST[6])
    assert len(encoder.draft.rows) - before == 8
    assert len(encoder.draft.text) < 200


def test_a_rollback_forgets_what_was_not_committed_and_nothing_else() -> None:
    encoder = Encoder()
    encoder.record(NOUNS_LIST[0])
    encoder.commit()
    kept = list(encoder.draft.rows), encoder.events
    for record in (*NOUNS_LIST[1:7], RunBegin(0, None, 0, 0.0)):
        encoder.record(record)
    gone = encoder.rollback()
    assert (list(encoder.draft.rows), encoder.events) == kept
    assert len(gone) > 7
    for record in NOUNS_LIST[1:7]:
        encoder.record(record)
    encoder.commit()
    tape = Tape.of([])
    tape._add_body(encoder.take()[0])
    assert list(tape.records()) == NOUNS_LIST[:7]


def test_a_block_may_be_taken_in_the_middle_of_a_record() -> None:
    encoder = Encoder()
    encoder.record(NOUNS_LIST[0])
    encoder.commit()
    encoder.record(NOUNS_LIST[6])  # not yet committed
    tape = Tape.of([])
    body, words = encoder.take()
    tape._add_body(body)
    encoder.drop(words)
    encoder.commit()
    tape._add_body(encoder.take()[0])
    assert list(tape.records()) == [NOUNS_LIST[0], NOUNS_LIST[6]]


def test_a_slot_far_out_is_refused() -> None:
    with pytest.raises(ValueError, match="index is 1048576"):
        Tape.of([GradAdded(0, None, 0, 0.0, None, Slot(1, 1 << 20), None)])
