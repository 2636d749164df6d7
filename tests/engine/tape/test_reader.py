"""Tapes that are damaged, hostile or no tapes at all: named, never believed, never run."""

from __future__ import annotations

import os
import random
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from gradstep.engine.tape import log
from gradstep.engine.tape.check import check
from gradstep.engine.tape.graph import combined_graph
from gradstep.engine.tape.log import BLOB, END, FRAME, HEAD, MARKER, ROWS, STATISTICS, Writer, frame_bytes, head_bytes
from gradstep.engine.tape.reader import Tape, TapeError
from gradstep.engine.tape.recorder import Recorder
from gradstep.engine.tape.scan import CHUNK
from gradstep.engine.tape.schema import (
    Call,
    GradAdded,
    Meta,
    Node,
    NodeKind,
    NodeReady,
    Note,
    Payload,
    Record,
    Rewound,
    Run,
    RunBegin,
    Slot,
    Source,
    Stats,
    Tensor,
    Val,
)
from gradstep.engine.tape.sinks import ListSink
from gradstep.engine.tape.state import Cursor
from gradstep.engine.tape.statistics import STATS
from gradstep.engine.tape.summary import summary
from gradstep.engine.tape.unwire import NAME_CAP
from gradstep.engine.tape.visible import shown
from gradstep.engine.tape.wire import GRAD_ADDED, META, RUN, STACK, TEXT, Encoder

from .handmade import HandTensor, Square

NAME = b"0123456789abcdef"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A tape with values large and small, statistics, notes and a few passes, in several records of each kind."""
    path = tmp_path_factory.mktemp("tape") / "a.gst"
    recorder = Recorder(Writer(path))
    recorder.note("begin", '{"script": "a.py"}')
    for _ in range(2):
        Square(recorder).backward(lambda grad: grad * 2)
        recorder.leave_call(recorder.enter_call("fc", "Linear"))
        recorder.op("rand", [], [HandTensor(np.arange(5000.0))], None, {"seed": 3}, 0.0)
        recorder.flush()
    recorder.close()
    return path.read_bytes()


def frames(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Kind, start and end of each frame."""
    place = HEAD.size
    while place < len(data):
        _, kind, length, *_ = FRAME.unpack_from(data, place)
        yield kind, place, place + FRAME.size + length
        place += FRAME.size + length


def opened(tmp_path: Path, data: bytes) -> Tape:
    path = tmp_path / "x.gst"
    path.write_bytes(data)
    return Tape.open(path)


def everything(tape: Tape) -> list[Record]:
    tape.verify()
    return list(tape.records())


def is_beginning(part: list[Record], whole: list[Record]) -> bool:
    """Whether a list of records is the beginning of another, statistics (which come last) aside; a value may be missing."""
    rows = [record for record in whole if type(record).__name__ != "Stats"]
    stats = [record for record in whole if type(record).__name__ == "Stats"]
    found = [record for record in part if type(record).__name__ != "Stats"]
    described = [record for record in part if type(record).__name__ == "Stats"]
    place = 0
    for record in found:
        while place < len(rows) and rows[place] != record and isinstance(rows[place], Payload):
            place += 1
        if place == len(rows) or rows[place] != record:
            return False
        place += 1
    return described == stats[: len(described)]


def test_fifteen_hundred_mutations_are_noticed_or_harmless(tmp_path: Path, recorded: bytes) -> None:
    whole = everything(opened(tmp_path, recorded))
    rand = random.Random(1)
    path = tmp_path / "m.gst"
    refused = damaged = same = 0
    for number in range(1500):
        data = bytearray(recorded)
        how = number % 6
        place = rand.randrange(len(data) if number % 50 else HEAD.size)
        length = min(rand.choice((1, 4, 64, 1000)), len(data) - place)
        if how == 0:
            data[place] ^= 1 << rand.randrange(8)
        elif how == 1:
            del data[place:]
        elif how == 2:
            data[place : place + length] = bytes(length)
        elif how == 3:
            del data[place : place + length]
        elif how == 4:
            other = rand.randrange(len(data))
            data[place:place] = data[other : other + length]
        else:
            data[place : place + length] = rand.randbytes(length)
        path.write_bytes(data)
        try:
            tape = Tape.open(path)
        except TapeError:
            refused += 1
            continue
        found = everything(tape)
        if tape.damage or not tape.complete:
            damaged += 1
            assert is_beginning(found, whole), (number, how, place)
        else:
            same += 1
            assert found == whole, (number, how, place)
        tape.close()
    assert damaged > 1000
    assert refused > 0


def test_a_tape_that_was_cut_anywhere_is_read_up_to_there(tmp_path: Path, recorded: bytes) -> None:
    whole = everything(opened(tmp_path, recorded))
    ends = {end for *_, end in frames(recorded)}
    for size in range(HEAD.size, len(recorded), 997):
        tape = opened(tmp_path, recorded[:size])
        assert not tape.complete
        assert bool(tape.damage) == (size not in ends and size != HEAD.size), size
        assert is_beginning(everything(tape), whole)


def test_the_end_of_a_crashed_recording_is_named(tmp_path: Path, recorded: bytes) -> None:
    last = list(frames(recorded))[-2]
    tape = opened(tmp_path, recorded[: last[1] + 30])
    assert tape.damage.startswith("the last 30 bytes are a record that was not finished")


def test_zeros_at_the_end_are_no_records(tmp_path: Path, recorded: bytes) -> None:
    end = list(frames(recorded))[-1][1]
    tape = opened(tmp_path, recorded[:end] + bytes(4096))
    assert "checksum" in tape.damage
    assert len(tape.runs) == 2


def test_what_stands_behind_the_end_is_named(tmp_path: Path, recorded: bytes) -> None:
    tape = opened(tmp_path, recorded + b"more")
    assert "behind the end" in tape.damage
    assert tape.complete


@pytest.mark.parametrize("how", ["doubled", "dropped", "swapped", "foreign"])
def test_records_out_of_order_or_from_another_tape_are_noticed(tmp_path: Path, recorded: bytes, how: str) -> None:
    parts = [recorded[start:end] for _, start, end in frames(recorded)]
    if how == "doubled":
        parts.insert(2, parts[1])
    elif how == "dropped":
        del parts[2]
    elif how == "swapped":
        parts[1], parts[2] = parts[2], parts[1]
    else:
        body = recorded[list(frames(recorded))[2][1] + FRAME.size : list(frames(recorded))[2][2]]
        parts[2] = frame_bytes(zlib.crc32(NAME), list(frames(recorded))[2][0], 2, body)
    tape = opened(tmp_path, recorded[: HEAD.size] + b"".join(parts))
    assert ("is due" in tape.damage) != (how == "foreign")
    assert ("checksum" in tape.damage) == (how == "foreign")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"\x89GS", "not a tape"),
        (b"import torch\n" * 10, "not a tape"),
        (head_bytes(NAME)[:20], "not a tape"),
        (head_bytes(NAME)[:-1] + b"\x00", "checksum"),
    ],
)
def test_what_is_no_tape_is_refused_with_a_sentence(tmp_path: Path, data: bytes, said: str) -> None:
    with pytest.raises(TapeError, match=said):
        opened(tmp_path, data)


def test_a_newer_format_is_refused_by_its_number(tmp_path: Path) -> None:
    head = HEAD.pack(log.MAGIC, 3, 0, NAME, 0)[:-4]
    with pytest.raises(TapeError, match=r"newer gradstep \(format 3\); this one reads up to format 1"):
        opened(tmp_path, head + struct.pack("<I", zlib.crc32(head)))


def test_only_ordinary_files_are_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(TapeError, match=r"folder|ordinary file"):
            Tape.open(path)
    with pytest.raises(FileNotFoundError):
        Tape.open(tmp_path / "none.gst")


def test_a_file_that_is_cut_while_it_is_open_is_named(tmp_path: Path, recorded: bytes) -> None:
    half = list(frames(recorded))[len(list(frames(recorded))) // 2][1]
    tape = opened(tmp_path, recorded[:half])
    os.truncate(tmp_path / "x.gst", 50)
    tape.poll()
    assert "cut to 50 bytes" in tape.damage


def hostile(*parts: tuple[int, bytes]) -> bytes:
    """A tape whose checksums are right, whatever is in it."""
    return head_bytes(NAME) + b"".join(frame_bytes(zlib.crc32(NAME), kind, number, body) for number, (kind, body) in enumerate(parts))


@pytest.mark.parametrize("length", [0, (1 << 26) + 1, (1 << 32) - 1])
def test_lengths_that_no_writer_writes_are_not_believed(tmp_path: Path, length: int) -> None:
    head = FRAME.pack(MARKER, ROWS, length, 0, 0, 0)[:-4]
    tape = opened(tmp_path, head_bytes(NAME) + head + struct.pack("<I", zlib.crc32(head, zlib.crc32(NAME))))
    assert f"says that it has {length} bytes" in tape.damage


def test_an_unknown_kind_of_record_is_named(tmp_path: Path) -> None:
    head = FRAME.pack(MARKER, 77, 10, 0, 0, 0)[:-4]
    tape = opened(tmp_path, head_bytes(NAME) + head + struct.pack("<I", zlib.crc32(head, zlib.crc32(NAME))) + bytes(10))
    assert "unknown kind 77" in tape.damage


def test_every_word_of_a_block_may_be_any_number(tmp_path: Path, recorded: bytes) -> None:
    """Checksums that are right prove nothing: whatever the words are, a tape is refused or read, and nothing else happens."""
    kind, start, end = next(frame for frame in frames(recorded) if frame[0] == ROWS and frame[2] - frame[1] > 2000)
    body = recorded[start + FRAME.size : end]
    rows, pool, _ = struct.unpack_from("<qqq", body)
    rand = random.Random(2)
    odd = [-1, 0, 1, 2, 255, 1 << 20, 1 << 31, (1 << 62) + 5, -(1 << 63), (1 << 63) - 1]
    for _ in range(400):
        changed = bytearray(body)
        place = 8 * rand.randrange(3 + rows * 8 + pool)
        struct.pack_into("<q", changed, place, rand.choice(odd))
        tape = opened(tmp_path, hostile((kind, bytes(changed)), (END, b"end")))
        everything(tape)
        check(tape)
        summary(tape)
        combined_graph(tape)
        Cursor(tape).move_to(len(tape.events) - 1)
        tape.close()


def test_what_is_mentioned_and_not_there_ends_what_is_read(tmp_path: Path) -> None:
    encoder = Encoder()
    encoder.record(Tensor(1, Meta("float32", (), "cpu"), 1))
    encoder.record(NodeReady(0, None, 0, 0.0, 7))
    encoder.commit()
    tape = opened(tmp_path, hostile((ROWS, encoder.take()[0]), (END, b"end")))
    assert "node 7 is mentioned, but is not on the tape" in tape.damage
    assert len(tape.tensors) == len(tape.events) == 0


def body_of(encoder: Encoder) -> bytes:
    """The body of a block with what the encoder was given since the last one."""
    encoder.commit()
    body, words = encoder.take()
    encoder.drop(words)
    return body


def test_many_small_blocks_are_read_as_one_large_one(tmp_path: Path) -> None:
    """A backward pass writes a block a node: what rows point to is in the pool and the text of their own block."""
    recorder = Recorder(ListSink())
    for _ in range(3):
        Square(recorder).backward(lambda grad: grad * 2)
    recorder.op("rand", [], [HandTensor(np.arange(8.0).reshape(2, 1, 4))], None, {"seed": 3, "name": "x"}, 0.0)
    recorder.flush()
    records = [record for record in recorder.sink.sink.records if not isinstance(record, (Stats, Payload))]  # type: ignore[attr-defined]
    encoder = Encoder()
    bodies = []
    for record in records:
        encoder.record(record)
        bodies.append(body_of(encoder))
    tape = opened(tmp_path, hostile(*[(ROWS, body) for body in bodies], (END, b"end")))
    assert (tape.damage, tape.complete) == ("", True)
    assert list(tape.records()) == records
    pieces = Tape.open(tmp_path / "x.gst", poll=False)
    assert (len(pieces.events), pieces.complete) == (0, False)
    while pieces.poll(1):
        pass
    assert list(pieces.records()) == records


@pytest.mark.parametrize("place", range(4))
def test_a_bad_block_among_many_is_named_and_all_before_it_is_read(tmp_path: Path, place: int) -> None:
    encoder = Encoder()
    parts: list[tuple[int, bytes]] = []
    for id in range(1, 5):
        if id == place + 1:
            bad = Encoder()
            bad.record(NodeReady(0, None, 0, 0.0, 77))
            parts.append((ROWS, body_of(bad)))
        encoder.record(Tensor(id, Meta("float32", (id,), "cpu"), id, name=f"t{id}"))
        parts.append((ROWS, body_of(encoder)))
        parts.append((STATISTICS, np.array([(id, 0, *[0] * 10)], STATS).tobytes()))
    tape = opened(tmp_path, hostile(*parts, (END, b"end")))
    assert f"node 77 is mentioned, but is not on the tape (record {2 * place}," in tape.damage
    assert [tensor.name for tensor in tape.tensors.values()] == [f"t{id}" for id in range(1, place + 1)]
    assert [val.tensor for val in tape.stats] == list(range(1, place + 1))


def test_a_row_cannot_mention_what_comes_after_it(tmp_path: Path) -> None:
    ready, node = Encoder(), Encoder()
    ready.record(NodeReady(0, None, 0, 0.0, 1))
    node.record(Node(1, NodeKind.FUNCTION, "MulBackward0", 1, (), ()))
    tape = opened(tmp_path, hostile((ROWS, body_of(ready)), (ROWS, body_of(node)), (END, b"end")))
    assert "node 1 is mentioned" in tape.damage
    assert len(tape.nodes) == len(tape.events) == 0
    tensor = Encoder()
    tensor.record(Tensor(1, Meta("float32", (), "cpu"), 1))
    stats = (STATISTICS, np.array([(1, 0, *[0] * 10)], STATS).tobytes())
    tape = opened(tmp_path, hostile(stats, (ROWS, body_of(tensor)), (END, b"end")))
    assert "tensor 1 is mentioned" in tape.damage


def test_a_row_cannot_point_into_the_pool_of_the_next_block(tmp_path: Path) -> None:
    encoder = Encoder()
    encoder.record(Node(1, NodeKind.FUNCTION, "MulBackward0", 1, (), ()))
    encoder.record(NodeReady(0, None, 0, 0.0, 1))
    first = bytearray(body_of(encoder))
    rows, pool, _ = struct.unpack_from("<qqq", first)
    struct.pack_into("<q", first, 24 + 64 * rows + 8 * (pool - 1), 1)  # its last count: one saved value, which is not there
    encoder.record(Node(2, NodeKind.FUNCTION, "AddBackward0", 2, (), (None, None, None)))
    tape = opened(tmp_path, hostile((ROWS, bytes(first)), (ROWS, body_of(encoder)), (END, b"end")))
    assert "outside the pool of its block (record 0," in tape.damage


def test_statistics_that_end_in_the_middle_of_a_row_are_refused(tmp_path: Path) -> None:
    assert "middle of a row" in opened(tmp_path, hostile((STATISTICS, bytes(95)))).damage


def test_a_value_that_does_not_fit_its_shape_is_not_handed_out(tmp_path: Path) -> None:
    encoder = Encoder()
    encoder.record(Tensor(1, Meta("float32", (1 << 40, 1 << 40), "cpu"), 1))
    encoder.record(Payload(Val(1, 0), "float32", (1 << 40, 1 << 40), bytes(8)), (0, 0))
    encoder.record(Payload(Val(1, 1), "object", (1,), bytes(8)), (0, 0))
    encoder.commit()
    tape = opened(tmp_path, hostile((BLOB, bytes(8)), (ROWS, encoder.take()[0]), (END, b"end")))
    assert tape.value(Val(1, 0)) is None
    assert tape.value(Val(1, 1)) is None
    assert "cannot be read" in tape.damage


def test_damaged_data_of_a_value_are_not_handed_out(tmp_path: Path, recorded: bytes) -> None:
    data = bytearray(recorded)
    _, start, _ = max((frame for frame in frames(recorded) if frame[0] == BLOB), key=lambda frame: frame[2] - frame[1])
    data[start + FRAME.size + 100] ^= 1
    tape = opened(tmp_path, bytes(data))
    assert tape.damage == ""  # data are looked at when they are asked for
    assert "checksum" in tape.verify()
    assert any(tape.value(val) is None for val in tape.stats if tape.has_value(val))


def test_text_from_a_tape_is_text(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "a.gst")
    for text in ("../../x", "<img src=http://a>", "\u202egnp", "a\x00b", "x" * 3_000_000):
        writer.write(Note("note", text))
    writer.close()
    notes = Tape.open(tmp_path / "a.gst").notes
    assert [note.text for note in notes[:4]] == ["../../x", "<img src=http://a>", "\u202egnp", "a\x00b"]
    assert len(notes[4].text) == 1 << 20  # cut


def test_an_event_in_the_wrong_place_is_refused() -> None:
    with pytest.raises(ValueError, match="is event 1, but it is written as event 0"):
        Tape.of([RunBegin(1, None, 0, 0.0)])
    with pytest.raises(ValueError, match="ids begin at 1"):
        Tape.of([Tensor(0, Meta("float32", (), "cpu"), 1)])


def test_events_are_a_sequence() -> None:
    records: list[Record] = [NodeReady(i, None, 0, i / 1000, 5) for i in range(10)]
    events = Tape.of(records).events
    assert len(events) == 10
    assert events[-1] == records[9]
    assert events[2:5] == records[2:5]
    assert list(events) == records
    with pytest.raises(IndexError):
        events[10]


def test_nouns_know_their_moment() -> None:
    first, second = Tensor(1, Meta("float32", (), "cpu"), 1), Tensor(2, Meta("float32", (), "cpu"), 2)
    tape = Tape.of([first, NodeReady(0, None, 0, 0.0, 1), NodeReady(1, None, 0, 0.0, 1), second])
    assert [tape.events_before(first), tape.events_before(second)] == [0, 2]


def test_a_million_events_are_open_quickly_and_read_lazily(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "a.gst")
    for id in range(1, 4):
        writer.write(Tensor(id, Meta("float32", (), "cpu"), id))
        writer.write(Node(id, NodeKind.FUNCTION, "MulBackward0", id, (), ()))
    writer.write(Run(1, (), (), frozenset(), False, False, True))
    writer.write(RunBegin(0, 1, 0, 0.0))
    encoder = writer.encoder
    for i in range(1, 1_000_000):
        encoder.event(GRAD_ADDED, 1, 0, i, (1 + i % 3, 1, 0, 1 + i % 3, 0))
        if i % 20_000 == 0:
            encoder.commit()
            writer.push()
    encoder.commit()
    writer.close()
    tape = Tape.open(tmp_path / "a.gst")
    assert len(tape.events) == 1_000_000
    assert tape.events[765_432] == GradAdded(765_432, 1, 0, 765_432 / 1e9, Slot(1, 0), Slot(1, 0), Val(1, 0))


def body_of_rows(rows: list[tuple[int, ...]], pool: tuple[int, ...] = (), text: bytes = b"") -> tuple[int, bytes]:
    table = np.zeros((len(rows), 8), "<i8")
    for row, words in zip(table, rows, strict=True):
        row[: len(words)] = words
    return ROWS, struct.pack("<qqq", len(rows), len(pool), len(text)) + table.tobytes() + np.array(pool, "<i8").tobytes() + text


@pytest.mark.parametrize(
    ("rows", "pool", "text", "said"),
    [
        ([(TEXT, 1, 0, 4), (TEXT, 2, 3, 1)], (), b"abcd", "two strings lie in the same bytes"),
        ([(META, 1, 0, 0, 0, 3), (META, 2, 0, 0, 2, 1)], (1, 2, 3), b"", "the same words of a pool"),
        ([(STACK, 1, 0, 1), (STACK, 2, 0, 1)], (0, 0, 0), b"", "the same words of a pool"),
        ([(RUN, 1, 0), (RUN, 2, 0)], (0, 0, 0), b"", "the same words of a pool"),
        ([(RUN, 1, 0)], (0, 0, 2, 1, 2, 2, 2), b"", "not in their order"),
    ],
)
def test_nothing_in_a_block_belongs_to_two(
    tmp_path: Path, rows: list[tuple[int, ...]], pool: tuple[int, ...], text: bytes, said: str
) -> None:
    tape = opened(tmp_path, hostile(body_of_rows(rows, pool, text), (END, b"end")))
    assert said in tape.damage


@pytest.mark.parametrize("apart", [False, True])
def test_an_id_that_is_given_twice_ends_what_is_read(tmp_path: Path, apart: bool) -> None:
    """Or a pass could be inside of itself, and who asks for the passes around it would ask for ever."""
    first, second = (RUN, 1, 0), (RUN, 1, 0)
    parts = (
        [body_of_rows([first], (0, 0, 0)), body_of_rows([second], (0, 0, 0))] if apart else [body_of_rows([first, (RUN, 1, 3)], (0,) * 6)]
    )
    tape = opened(tmp_path, hostile(*parts, (END, b"end")))
    assert "run 1 is introduced twice" in tape.damage
    assert len(tape.runs) == int(apart)


def test_what_a_pass_needs_takes_no_more_room_than_its_ranges(tmp_path: Path) -> None:
    encoder = Encoder()
    for id in range(1, 101):
        encoder.record(Node(id, NodeKind.FUNCTION, "MulBackward0", id, (), ()))
    needed = frozenset({*range(1, 50), *range(60, 101)})
    encoder.record(Run(1, (), (), needed, False, False, True))
    tape = opened(tmp_path, hostile((ROWS, body_of(encoder)), (END, b"end")))
    found = tape.runs[1].needed
    assert (found, len(found), sorted(found)) == (needed, len(needed), sorted(needed))
    assert [id in found for id in (0, 1, 49, 50, 59, 60, 100, 101)] == [False, True, True, False, False, True, True, False]
    assert hash(found) == hash(needed)
    encoder.record(Run(2, (), (), frozenset({100, 101}), False, False, True))
    tape = opened(tmp_path, hostile((ROWS, body_of(encoder)), (END, b"end")))
    assert tape.damage


def test_a_file_that_is_a_hole_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "x.gst"
    path.write_bytes(head_bytes(NAME))
    os.truncate(path, 1 << 40)
    assert "checksum" in Tape.open(path).damage


def test_a_value_that_is_empty_and_larger_than_any_array_is_not_handed_out(tmp_path: Path) -> None:
    encoder = Encoder()
    encoder.record(Tensor(1, Meta("float32", (0, 1 << 62), "cpu"), 1))
    encoder.record(Payload(Val(1, 0), "float32", (0, 1 << 62), b""), (0, 0))
    tape = opened(tmp_path, hostile((ROWS, body_of(encoder)), (END, b"end")))
    assert tape.value(Val(1, 0)) is None
    assert "no array has the shape" in tape.damage
    assert tape.elements().tolist() == [1, 0, 0]


def test_a_row_of_any_length_is_read(tmp_path: Path) -> None:
    """Of one that is as long as what is read at a time, too."""
    for extra in range(-3, 4):
        letters = (1 << 20) - FRAME.size - 24 - 4 * 64 + extra
        encoder = Encoder()
        for size in (1 << 20, 1 << 20, 1 << 20, letters):
            encoder.add_text("y" * size)
        body = body_of(encoder)
        assert len(body) == CHUNK - FRAME.size + extra
        tape = opened(tmp_path, hostile((ROWS, body), (END, b"end")))
        assert (tape.damage, tape.complete) == ("", True), extra


def rewinding(*targets: int) -> list[Record]:
    """Five events of a pass, then steps back to these events."""
    node = Node(1, NodeKind.FUNCTION, "MulBackward0", 1, (), ())
    events: list[Record] = [RunBegin(0, 1, 0, 0.0), *(NodeReady(i, 1, 0, 0.0, 1) for i in range(1, 5))]
    return [
        node,
        Run(1, (), (), frozenset({1}), False, False, True),
        *events,
        *(Rewound(5 + n, 1, 0, 0.0, to) for n, to in enumerate(targets)),
    ]


@pytest.mark.parametrize("targets", [(4,), (3, 2, 1), (1, 1, 1), (2, 5, 6), (2, 2, -1)])
def test_a_walk_may_go_back_to_what_stands(tmp_path: Path, targets: tuple[int, ...]) -> None:
    encoder = Encoder()
    for record in rewinding(*targets):
        encoder.record(record)
    tape = opened(tmp_path, hostile((ROWS, body_of(encoder)), (END, b"end")))
    assert (tape.damage, tape.complete) == ("", True)


@pytest.mark.parametrize("targets", [(5,), (6,), (-2,), (1 << 40,), (1, 2), (2, 1, 2)])
def test_a_walk_cannot_go_back_to_what_was_undone_or_never_was(tmp_path: Path, targets: tuple[int, ...]) -> None:
    """Forty such steps would be undone by a million million changes."""
    encoder, bodies = Encoder(), []
    for record in rewinding(*targets):
        encoder.record(record)
        bodies.append(body_of(encoder))
    tape = opened(tmp_path, hostile(*[(ROWS, body) for body in bodies], (END, b"end")))
    assert "which does not stand" in tape.damage
    assert len(tape.events) == 5 + len(targets) - 1


def test_what_is_nested_without_end_is_not_read(tmp_path: Path) -> None:
    encoder = Encoder()
    for id in range(1, 1003):
        encoder.record(Call(id, "m", "Linear", id - 1 or None))
    tape = opened(tmp_path, hostile((ROWS, body_of(encoder)), (END, b"end")))
    assert "call 1002 is inside of more than 1000 others" in tape.damage


def test_an_event_happens_to_something(tmp_path: Path) -> None:
    encoder = Encoder()
    encoder.record(Node(1, NodeKind.FUNCTION, "MulBackward0", 1, (), ()))
    encoder.record(Run(1, (), (), frozenset({1}), False, False, True))
    encoder.record(NodeReady(0, 1, 0, 0.0, 0))
    tape = opened(tmp_path, hostile((ROWS, body_of(encoder)), (END, b"end")))
    assert "of nothing" in tape.damage


def test_a_reader_that_shows_names_is_given_the_beginning_of_long_ones_and_all_of_a_source(tmp_path: Path) -> None:
    long = "n" * 50_000
    writer = Writer(tmp_path / "a.gst")
    for record in (Source(long, long), Note("begin", long), Call(1, long, "Linear"), Tensor(1, Meta("float32", (), long), 1, name=long)):
        writer.write(record)
    writer.close()
    for written in (None, shown):
        tape = Tape.open(tmp_path / "a.gst", written=written)
        names = [tape.calls[1].path, tape.tensors[1].name, tape.tensors[1].meta.device, next(iter(tape.sources))]
        assert [len(name) for name in names] == [len(long) if written is None else NAME_CAP + 1] * 4
        assert [len(next(iter(tape.sources.values()))), len(tape.notes[0].text)] == [len(long)] * 2
        tape.close()
