"""Parts of a value are read from the file of a tape without the rest of it."""

from __future__ import annotations

from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from gradstep.engine.tape.elements import DTYPES, WIDENED
from gradstep.engine.tape.log import Writer
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.schema import Meta, Payload, Tensor, Val

WHOLE = np.arange(5 * 4 * 6).reshape(5, 4, 6)


def written(path: Path, value: np.ndarray, dtype: str = "") -> Tape:
    dtype = dtype or value.dtype.name
    writer = Writer(path)
    for number in (1, 2):  # the second one does not begin where its record does
        writer.write(Tensor(number, Meta(dtype, value.shape, "cpu"), number))
        writer.write(Payload(Val(number, 0), dtype, value.shape, value.tobytes()))
    writer.close()
    return Tape.open(path)


INDICES = [
    (), (2,), (-1,), (2, 3), (1, 2, 3), np.s_[1:3,], np.s_[::2,], np.s_[1:5:2, 1], np.s_[2, 1:3], np.s_[:, 2, 4], np.s_[:, :, ::3],
    np.s_[4:1,], np.s_[0, 0, 1:5:2], np.s_[:, 1:3, 2:4],
]  # fmt: skip


@pytest.mark.parametrize("index", INDICES, ids=str)
def test_a_part_is_what_numpy_gives(tmp_path: Path, index: tuple[int | slice, ...]) -> None:
    tape = written(tmp_path / "a.gst", WHOLE)
    extent = tape.extent(Val(2, 0))
    assert extent is not None
    assert extent.shape == WHOLE.shape
    part = extent.part(index)
    assert part.dtype == WHOLE.dtype
    assert np.array_equal(part, WHOLE[index])
    tape.close()


@pytest.mark.parametrize("dtype", sorted(DTYPES - WIDENED))
def test_every_dtype_is_read(tmp_path: Path, dtype: str) -> None:
    value = WHOLE.astype(dtype)
    with_rows_apart = written(tmp_path / "a.gst", value)
    extent = with_rows_apart.extent(Val(1, 0))
    assert extent is not None
    assert np.array_equal(extent.part(np.s_[1, 2:4]), value[1, 2:4])
    with_rows_apart.close()


def test_bfloat16_comes_as_float32(tmp_path: Path) -> None:
    value = np.array([[0x3F80, 0x4000], [0xC000, 0x7FC0]], "<u2")  # 1, 2, -2, NaN
    tape = written(tmp_path / "a.gst", value, "bfloat16")
    extent = tape.extent(Val(2, 0))
    assert extent is not None
    assert np.array_equal(extent.part((slice(None),)), np.array([[1, 2], [-2, np.nan]], np.float32), equal_nan=True)
    tape.close()


def test_rows_that_lie_far_apart_are_read_one_by_one(tmp_path: Path) -> None:
    value = np.arange(60 * 5000, dtype=np.float32).reshape(60, 5000)
    tape = written(tmp_path / "a.gst", value)
    extent = tape.extent(Val(1, 0))
    assert extent is not None
    assert np.array_equal(extent.part(np.s_[3:60:20, 10:4000:7]), value[3:60:20, 10:4000:7])
    tape.close()


def test_a_changed_byte_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.gst"
    tape = written(path, WHOLE)
    extent = tape.extent(Val(1, 0))
    assert extent is not None
    assert all(extent.intact())
    data = bytearray(path.read_bytes())
    data[extent.offset + 3] ^= 1
    path.write_bytes(data)
    assert list(extent.intact())[-1] is False
    tape.close()


def test_a_file_that_was_cut_or_taken_away_raises(tmp_path: Path) -> None:
    path = tmp_path / "a.gst"
    tape = written(path, WHOLE)
    extent = tape.extent(Val(1, 0))
    assert extent is not None
    with path.open("r+b") as file:
        file.truncate(extent.offset + 10)
    with pytest.raises(OSError, match="the file ends"):
        extent.part()
    path.unlink()
    with pytest.raises(FileNotFoundError):
        extent.part()
    tape.close()


def test_what_was_not_kept_or_is_in_memory_has_no_extent(tmp_path: Path) -> None:
    tape = written(tmp_path / "a.gst", WHOLE)
    assert tape.extent(Val(9, 0)) is None
    tape.close()
    inside = Tape.of([Tensor(1, Meta("int64", (2,), "cpu"), 1), Payload(Val(1, 0), "int64", (2,), bytes(16))])
    assert inside.extent(Val(1, 0)) is None


@pytest.mark.parametrize("dtype", sorted(WIDENED - {"bfloat16"}))
def test_numbers_of_eight_bits_come_as_float32(tmp_path: Path, dtype: str) -> None:
    bits = np.arange(256, dtype=np.uint8)
    tape = written(tmp_path / "a.gst", bits, dtype)
    value, extent = tape.value(Val(2, 0)), tape.extent(Val(2, 0))
    assert value is not None
    assert extent is not None
    expected = bits.view(getattr(ml_dtypes, dtype)).astype(np.float32)
    np.testing.assert_array_equal(value, expected)
    np.testing.assert_array_equal(extent.part((slice(3, 200, 5),)), expected[3:200:5])
    assert tape.verify() == ""
    tape.close()
