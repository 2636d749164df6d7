"""What is printed is kept up to a size, and told where it is not."""

import random

import pytest

from gradstep.engine.debug.spool import PACE, TAIL_CAP, Forward, Spool


def kept(path):
    return path.read_bytes()


def test_a_small_stream_is_kept_byte_for_byte(tmp_path):
    spool = Spool(str(tmp_path / "out"), cap=1000)
    for piece in (b"hello\0", b"\xff\n", b"", b"x" * 900):
        spool.write(piece)
    spool.close()
    assert kept(tmp_path / "out") == b"hello\0\xff\n" + b"x" * 900
    assert spool.dropped == 0


@pytest.mark.parametrize("size", [1, 7, 99, 250, 4000])
def test_a_large_stream_keeps_its_beginning_and_its_end_and_says_what_is_missing(tmp_path, size):
    data = random.Random(size).randbytes(9973)
    spool = Spool(str(tmp_path / "out"), cap=1000)
    for start in range(0, len(data), size):
        spool.write(data[start : start + size])
    spool.close()
    assert spool.dropped == 8973
    assert kept(tmp_path / "out") == data[:500] + b"\n[gradstep: 8973 bytes are not kept]\n" + data[-500:]


def test_a_full_disk_ends_the_keeping_and_nothing_else(tmp_path, monkeypatch):
    spool = Spool(str(tmp_path / "out"))

    def full(descriptor, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.write", full)
    spool.write(b"one")
    spool.write(b"two")
    monkeypatch.undo()
    spool.close()
    assert "No space left" in spool.error
    assert spool.total == 6


def test_a_window_gets_the_tail_and_the_number_of_bytes_that_it_did_not_get():
    forward = Forward()
    assert forward.take(0.0) is None
    forward.add(b"first")
    assert forward.take(1.0) == (b"first", 0)
    for _ in range(100):
        forward.add(b"y" * 10_000)
    assert forward.take(1.0 + PACE / 2) is None
    piece, skipped = forward.take(1.0 + PACE)
    assert len(piece) == TAIL_CAP
    assert skipped == 1_000_000 - TAIL_CAP
