"""What is exported is read back by others as the same numbers; what is cancelled leaves nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from gradstep.engine.tape.elements import decoded
from gradstep.gui.models.tensors import Kept, TensorView
from gradstep.gui.panels.tensor_panel import ExportWish, TensorPanel
from gradstep.gui.tensors.exports import TensorExports
from gradstep.gui.tensors.files import KINDS, CsvFile, SafetensorsFile, cut_shape
from gradstep.gui.tensors.sources import Answer, ArraySource, Question, Source

VALUE = np.random.default_rng(2).normal(size=(7, 30, 41)).astype(np.float32)
VALUE[1, 2, 3], VALUE[6, 29, 40] = np.nan, -np.inf


class Held:
    """A panel with its exports, and what they said."""

    def __init__(self, qtbot: QtBot) -> None:
        self.window = QWidget()
        self.panel = TensorPanel(self.window)
        qtbot.addWidget(self.window)
        self.exports = TensorExports(self.panel, self.window)
        self.said: list[str] = []
        self.failed: list[str] = []
        self.exports.said.connect(self.said.append)
        self.exports.failed.connect(self.failed.append)

    def export(self, form: str, file: Path, source: Source, index: tuple[int | slice, ...] | None = None) -> None:
        self.exports.export(ExportWish(form, "w.grad", source, index, self.panel.viewer), file)


@pytest.fixture
def held(qtbot: QtBot) -> Held:
    return Held(qtbot)


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint64", "float16", "float32", "float64", "complex64", "complex128"])
@pytest.mark.parametrize("shape", [(), (5,), (0, 3), (4, 5), (3, 4, 5)])
def test_numpy_reads_what_was_written(held: Held, tmp_path: Path, dtype: str, shape: tuple[int, ...]) -> None:
    value = np.asarray(np.random.default_rng(0).normal(size=shape) * 9).astype(dtype)
    held.export("npy", tmp_path / "a.npy", ArraySource(value))
    back = np.load(tmp_path / "a.npy", allow_pickle=False)
    assert back.dtype == value.dtype
    assert back.shape == value.shape
    assert np.array_equal(back, value)
    assert held.said == [f"Saved {tmp_path / 'a.npy'}"]
    assert [file.name for file in tmp_path.iterdir()] == ["a.npy"]


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint16", "int64", "float16", "float32", "float64"])
def test_safetensors_reads_what_was_written(held: Held, tmp_path: Path, dtype: str) -> None:
    from safetensors.numpy import load_file

    value = np.nan_to_num(VALUE, neginf=-1).astype(dtype)
    held.export("safetensors", tmp_path / "a.safetensors", ArraySource(value))
    assert held.failed == []
    (back,) = load_file(str(tmp_path / "a.safetensors")).values()
    assert back.dtype == value.dtype
    assert np.array_equal(back, value)


def test_bfloat16_is_written_as_such_where_the_format_has_it(held: Held, tmp_path: Path) -> None:
    bits = np.array([0x3F80, 0xC000, 0x7F80, 0x7FC0], "<u2")
    value = decoded(bits.tobytes(), "bfloat16", (4,))
    held.export("safetensors", tmp_path / "a.safetensors", ArraySource(value, "bfloat16"))
    data = (tmp_path / "a.safetensors").read_bytes()
    assert b'"BF16"' in data
    assert data[-8:] == bits.tobytes()
    held.export("npy", tmp_path / "a.npy", ArraySource(value, "bfloat16"))
    assert np.array_equal(np.load(tmp_path / "a.npy"), value, equal_nan=True)


def test_what_a_format_has_no_word_for_is_said(held: Held, tmp_path: Path) -> None:
    held.export("safetensors", tmp_path / "a.safetensors", ArraySource(np.zeros(3, np.complex128)))
    assert held.failed == ["The value could not be saved: safetensors has no complex128"]
    assert list(tmp_path.iterdir()) == []


def test_csv_is_exact_and_says_where_rows_of_more_dimensions_stand(held: Held, tmp_path: Path) -> None:
    held.export("csv", tmp_path / "a.csv", ArraySource(VALUE))
    lines = (tmp_path / "a.csv").read_text().splitlines()
    assert lines[0].startswith("dim 0,dim 1,0,1,")
    rows = [line.split(",") for line in lines[1:]]
    assert [int(one) for one in rows[-1][:2]] == [6, 29]
    back = np.array([[float(one) for one in row[2:]] for row in rows], np.float32).reshape(VALUE.shape)
    assert np.array_equal(back, VALUE, equal_nan=True)
    held.export("csv", tmp_path / "b.csv", ArraySource(VALUE[0]))
    assert np.array_equal(np.loadtxt(tmp_path / "b.csv", delimiter=",", dtype=np.float32), VALUE[0])


def test_csv_of_a_long_row_is_written_in_parts(tmp_path: Path) -> None:
    value = np.arange(30_000.0)
    file = CsvFile(tmp_path / "a.csv", "a", value.shape, "float64")
    for index in file.pieces():
        file.write(value[index])
    file.finish()
    assert np.array_equal(np.loadtxt(tmp_path / "a.csv", delimiter=","), value)


@pytest.mark.parametrize("form", ["npy", "safetensors", "csv"])
def test_a_slice_is_written_alone(held: Held, tmp_path: Path, form: str) -> None:
    file = tmp_path / f"a.{form}"
    held.export(form, file, ArraySource(VALUE), (slice(0, 7), 2, slice(0, 41)))
    wanted = VALUE[:, 2, :]
    assert cut_shape(VALUE.shape, (slice(0, 7), 2, slice(0, 41))) == wanted.shape
    if form == "npy":
        assert np.array_equal(np.load(file), wanted, equal_nan=True)
    elif form == "csv":
        assert np.array_equal(np.loadtxt(file, delimiter=",", dtype=np.float32), wanted, equal_nan=True)
    else:
        assert file.read_bytes().endswith(np.ascontiguousarray(wanted).tobytes())


class Waiting(Source):
    """Answers when it is told to."""

    def __init__(self, array: np.ndarray) -> None:
        super().__init__(array.shape, array.dtype.name)
        self._inner = ArraySource(array, parent=self)
        self.under_way: list[tuple[Question, Callable[[Answer], None]]] = []

    def _put(self, question: Question, done: Callable[[Answer], None]) -> None:
        self.under_way.append((question, done))

    def answer_one(self) -> None:
        question, done = self.under_way.pop(0)
        self._inner.ask(question, done)


def test_an_export_that_is_cancelled_leaves_the_file_that_was_there(held: Held, tmp_path: Path) -> None:
    file = tmp_path / "a.npy"
    file.write_bytes(b"mine")
    source = Waiting(np.zeros((600, 1000), np.float32))
    held.export("npy", file, source)
    source.answer_one()
    assert held.exports.busy
    held.export("npy", tmp_path / "b.npy", ArraySource(VALUE))
    assert held.failed == ["Another export goes on: wait for it, or cancel it."]
    held.panel.cancel_wished.emit()
    assert not held.exports.busy
    assert "cancelled" in held.said[-1]
    assert file.read_bytes() == b"mine"
    assert [one.name for one in tmp_path.iterdir()] == ["a.npy"]


def test_an_export_that_takes_long_shows_how_far_it_is(held: Held, tmp_path: Path, qtbot: QtBot) -> None:
    source = Waiting(np.zeros((600, 1000), np.float32))
    held.export("npy", tmp_path / "a.npy", source)
    source.answer_one()
    qtbot.waitUntil(lambda: not held.panel._export.isHidden())
    assert 0 < held.panel._export_bar.value() < 1000
    while source.under_way:
        source.answer_one()
    assert held.panel._export.isHidden()
    assert np.load(tmp_path / "a.npy").shape == (600, 1000)


def test_a_folder_that_is_not_there_is_said(held: Held, tmp_path: Path) -> None:
    held.export("npy", tmp_path / "no" / "a.npy", ArraySource(VALUE))
    assert "could not be saved" in held.failed[0]


def test_the_view_is_saved_as_a_picture(held: Held, tmp_path: Path) -> None:
    held.panel.show_tensor(TensorView("w", Kept.KEPT, value=VALUE[2]))
    held.export("png", tmp_path / "a.png", ArraySource(VALUE))
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_every_form_of_a_file_has_its_writer() -> None:
    assert set(KINDS) == {"npy", "safetensors", "csv"}
    assert KINDS["safetensors"] is SafetensorsFile
