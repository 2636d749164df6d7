"""Repaired copies of damaged tapes: what is kept, what is left out, and that it is told."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import gradstep.engine as gs
from gradstep.engine.tape.check import check
from gradstep.engine.tape.ending import ending
from gradstep.engine.tape.log import BLOB, END, FRAME, HEAD, ROWS, STATISTICS, Writer, frame_bytes, frame_head
from gradstep.engine.tape.reader import Tape, TapeError
from gradstep.engine.tape.recorder import Level, Recorder, recording
from gradstep.engine.tape.repair import Repair, repair, seed_of
from gradstep.engine.tape.salvage import CUT_SHORT
from gradstep.engine.tape.schema import RunEnd

STEPS = 6


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a sound tape: a small network, six steps of descent, all values, a frame for each push."""
    path = tmp_path_factory.mktemp("sound") / "run.gst"
    recorder = Recorder(Writer(path, at_once=True), Level.VALUES)
    gs.manual_seed(0)
    with recording(recorder):
        net = gs.nn.Sequential(gs.nn.Linear(4, 8), gs.nn.ReLU(), gs.nn.Linear(8, 2))
        optimizer = gs.optim.SGD(net.parameters(), lr=0.1)
        for _ in range(STEPS):
            optimizer.zero_grad()
            net(gs.randn(3, 4)).sum().backward()
            optimizer.step()
    recorder.close()
    return path.read_bytes()


def frames(data: bytes) -> list[tuple[int, int, int]]:
    """Kind, first byte and the byte behind each frame."""
    found, place = [], HEAD.size
    while place < len(data):
        _, kind, length, *_ = FRAME.unpack_from(data, place)
        found.append((kind, place, place + FRAME.size + length))
        place = found[-1][2]
    return found


def of_kind(data: bytes, kind: int, share: float) -> tuple[int, int]:
    """The first byte and the byte behind one of the frames of a kind: the first one for 0, the last one for 1."""
    chosen = [(first, stop) for code, first, stop in frames(data) if code == kind]
    return chosen[round(share * (len(chosen) - 1))]


def flipped(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :]


def mended(folder: Path, data: bytes) -> tuple[Repair, Tape]:
    """What became of damaged bytes: the copy is sound, and the original as it was."""
    path, to = folder / "bad.gst", folder / "copy.gst"
    path.write_bytes(data)
    found = repair(str(path), str(to))
    assert path.read_bytes() == data
    tape = Tape.open(to)
    assert (tape.verify(), check(tape)) == ("", [])
    assert found.kept["events"] == len(tape.events)
    assert [note.text for note in tape.notes if note.kind == "repaired"] == [f"bad.gst was damaged; left out: {found.left_out}"]
    return found, tape


def whole(folder: Path, data: bytes) -> Tape:
    path = folder / f"whole-{len(data)}.gst"
    path.write_bytes(data)
    return Tape.open(path)


def same_values(left: Tape, right: Tape) -> bool:
    for node in right.nodes.values():
        for saved in node.saved:
            if saved.val is not None and left.has_value(saved.val):
                mine, other = left.value(saved.val), right.value(saved.val)
                if mine is None or other is None or not np.array_equal(mine, other):
                    return False
    return True


def test_a_sound_tape_is_not_copied(tmp_path: Path, recorded: bytes) -> None:
    path, to = tmp_path / "run.gst", tmp_path / "copy.gst"
    path.write_bytes(recorded)
    assert repair(str(path), str(to)).damage == ""
    assert not to.exists()


def test_of_a_cut_tape_all_before_the_cut_is_kept(tmp_path: Path, recorded: bytes) -> None:
    first, stop = of_kind(recorded, ROWS, 0.6)
    found, tape = mended(tmp_path, recorded[: stop - 3])
    assert [(place["byte"], place["bytes"]) for place in found.places] == [(first, stop - 3 - first)]
    assert not tape.complete
    assert ending(tape)["sentence"] == f"what stood behind byte {first} is lost"
    original = whole(tmp_path, recorded)
    assert list(tape.events) == list(original.events)[: len(tape.events)]
    assert len(tape.events) > 100


def test_damaged_data_of_a_value_cost_that_value_alone(tmp_path: Path, recorded: bytes) -> None:
    original = whole(tmp_path, recorded)
    _, stop = of_kind(recorded, BLOB, 0.5)
    found, tape = mended(tmp_path, flipped(recorded, stop - 2))
    assert list(tape.events) == list(original.events)
    assert tape.complete
    assert tape.value_count == original.value_count - len(found.values)
    assert len(found.values) > 0
    assert all(value["bytes"] > 0 for value in found.values)
    assert found.behind == {}


def test_damaged_statistics_cost_these_alone(tmp_path: Path, recorded: bytes) -> None:
    original = whole(tmp_path, recorded)
    _, stop = of_kind(recorded, STATISTICS, 0.5)
    found, tape = mended(tmp_path, flipped(recorded, stop - 2))
    assert list(tape.events) == list(original.events)
    assert (tape.value_count, tape.complete) == (original.value_count, True)
    assert 0 < len(tape.stats) < len(original.stats)
    assert [place["what"] for place in found.places] == ["statistics"]


def test_of_a_record_with_a_damaged_head_nothing_is_lost(tmp_path: Path, recorded: bytes) -> None:
    original = whole(tmp_path, recorded)
    for kind in (ROWS, STATISTICS, BLOB, END):
        for byte in (0, 4, 9, 13, 17, 22):
            first, _ = of_kind(recorded, kind, 0.5)
            folder = tmp_path / f"{kind}-{byte}"
            folder.mkdir()
            found, tape = mended(folder, flipped(recorded, first + byte))
            assert found.left_out == "nothing"
            assert list(tape.events) == list(original.events)
            assert (tape.complete, tape.value_count) == (True, original.value_count)


def test_the_head_of_the_tape_is_found_again_from_its_records(tmp_path: Path, recorded: bytes) -> None:
    original = whole(tmp_path, recorded)
    for name, data in (("flipped", flipped(recorded, 20)), ("zeros", bytes(HEAD.size) + recorded[HEAD.size :])):
        (tmp_path / name).mkdir()
        found, tape = mended(tmp_path / name, data)
        assert found.left_out == "36 bytes from byte 0 on (the head of the file)"
        assert list(tape.events) == list(original.events)
        assert same_values(tape, original)


def test_behind_lost_rows_passes_that_are_whole_are_kept(tmp_path: Path, recorded: bytes) -> None:
    """Rows of the third pass are lost: it ends there, saying so, and those behind it are told."""
    original = whole(tmp_path, recorded)
    third = list(original.runs)[2]
    inside = [event.i for event in original.events if event.run == third]
    seen = 0
    for kind, _, stop in frames(recorded):
        if kind == ROWS:
            seen = len(whole(tmp_path, recorded[:stop]).events)
            if seen > inside[len(inside) // 2]:
                break
    found, tape = mended(tmp_path, flipped(recorded, stop - 5))
    assert found.cut == [third]
    assert list(tape.runs) == list(original.runs)
    errors = [event.error for event in tape.events if isinstance(event, RunEnd)]
    assert errors == ["", "", CUT_SHORT, "", "", ""]
    assert len(original.events) - 40 < len(tape.events) < len(original.events)
    assert tape.complete
    assert same_values(tape, original)


def test_what_builds_on_lost_ops_is_left_out_too(tmp_path: Path, recorded: bytes) -> None:
    """The parameters are lost with the first rows: nothing behind them can be told, and nothing is made up."""
    first, stop = of_kind(recorded, ROWS, 0.0)
    found, tape = mended(tmp_path, recorded[:first] + bytes(stop - first) + recorded[stop:])
    assert len(tape.runs) == 0
    assert found.behind["run"] == STEPS
    assert found.behind["op"] > 0


def test_bytes_that_are_gone_are_noticed(tmp_path: Path, recorded: bytes) -> None:
    first, stop = of_kind(recorded, ROWS, 0.5)
    found, _ = mended(tmp_path, recorded[:first] + recorded[stop:])
    assert [(place["bytes"], place["records"]) for place in found.places] == [(0, 1)]


def test_a_record_twice_and_bytes_behind_the_end_are_left_out(tmp_path: Path, recorded: bytes) -> None:
    original = whole(tmp_path, recorded)
    first, stop = of_kind(recorded, ROWS, 0.5)
    found, tape = mended(tmp_path, recorded[:stop] + recorded[first:stop] + recorded[stop:] + b"more")
    assert list(tape.events) == list(original.events)
    assert [place["bytes"] for place in found.places] == [stop - first, 4]


def test_a_record_that_says_what_cannot_be_ends_the_copy(tmp_path: Path, recorded: bytes) -> None:
    """Its checksums are right: whoever wrote it meant it."""
    original = whole(tmp_path, recorded)
    place = HEAD.size
    seed = zlib.crc32(HEAD.unpack_from(recorded)[3])
    kinds = frames(recorded)
    number = next(number for number in range(len(kinds) // 2, len(kinds)) if kinds[number][0] == ROWS)
    _, place, stop = kinds[number]
    body = struct.pack("<qqq", 1, 0, 0) + struct.pack("<8q", 99, 0, 0, 0, 0, 0, 0, 0)
    found, tape = mended(tmp_path, recorded[:place] + frame_bytes(seed, ROWS, number, body) + recorded[stop:])
    assert 0 < len(tape.events) < len(original.events)
    assert list(tape.events) == list(original.events)[: len(tape.events)]
    assert found.places[0]["byte"] == place
    assert found.unread > 0


@pytest.mark.parametrize("seed", range(40))
def test_whatever_happens_to_a_tape_the_copy_is_sound(tmp_path: Path, recorded: bytes, seed: int) -> None:
    chance = random.Random(seed)
    data = bytearray(recorded)
    for _ in range(chance.randint(1, 3)):
        first, size = chance.randrange(len(data)), chance.choice([1, 1, 30, 500, 6000])
        how: Callable[[int], bytes] = chance.choice([bytes, chance.randbytes, lambda _: b""])
        data[first : first + size] = how(len(data[first : first + size]))
    found, tape = mended(tmp_path, bytes(data))
    assert found.damage
    tape.close()


def test_nothing_is_written_over(tmp_path: Path, recorded: bytes) -> None:
    path, to = tmp_path / "bad.gst", tmp_path / "copy.gst"
    path.write_bytes(recorded[:5000])
    to.write_text("mine")
    with pytest.raises(FileExistsError):
        repair(str(path), str(to))
    assert to.read_text() == "mine"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["bad.gst", "copy.gst"]


def test_what_is_no_tape_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text.gst"
    path.write_text("hello GSTF " * 1000)
    with pytest.raises(TapeError, match="not a tape"):
        repair(str(path), str(tmp_path / "copy.gst"))
    assert [file.name for file in tmp_path.iterdir()] == ["text.gst"]


def test_a_file_of_nothing_but_beginnings_of_records_is_given_up(tmp_path: Path) -> None:
    """Each of them says that all that follows is its body: to look at every one would take longer than anybody waits."""
    path = tmp_path / "bad.gst"
    path.write_bytes(frame_head(BLOB, 1 << 20, 0, 0).ljust(FRAME.size, b"x") * 200_000)
    assert seed_of(str(path)) is None


def test_a_tape_that_is_recorded_into_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "run.gst"
    writer = Writer(path)
    try:
        with pytest.raises(TapeError, match="still being recorded into"):
            repair(str(path), str(tmp_path / "copy.gst"))
    finally:
        writer.close()


def test_it_says_how_far_it_is(tmp_path: Path, recorded: bytes) -> None:
    path = tmp_path / "bad.gst"
    path.write_bytes(recorded[:-10])
    heard: list[tuple[int, int]] = []
    repair(str(path), str(tmp_path / "copy.gst"), lambda done, of: heard.append((done, of)))
    assert heard == sorted(heard)
    assert {of for _, of in heard} == {len(recorded) - 10}
