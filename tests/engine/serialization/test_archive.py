"""Checkpoint files: what is written, and that damaged ones are named and never believed."""

from __future__ import annotations

import io
import pickle
import random
import struct
import zipfile
from collections import OrderedDict
from pathlib import Path

import pytest

import gradstep.engine as gs
from gradstep.engine.serialization import archive


def saved(obj: object) -> bytes:
    file = io.BytesIO()
    gs.save(obj, file)
    return file.getvalue()


def zipped(records: dict[str, bytes], **options: int) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", **options) as made:  # type: ignore[call-overload]
        for name, data in records.items():
            made.writestr(name, data)
    return file


def test_data_begin_at_multiples_of_64_bytes() -> None:
    data = saved({"a": gs.ones(3), "b": gs.ones(5, dtype=gs.float64)})
    with zipfile.ZipFile(io.BytesIO(data)) as found:
        for entry in found.infolist():
            names, extra = struct.unpack_from("<2H", data, entry.header_offset + 26)
            assert (entry.header_offset + 30 + names + extra) % archive.ALIGNMENT == 0
        assert found.testzip() is None


def test_a_path_is_written_and_read(tmp_path: Path) -> None:
    gs.save(gs.arange(3), tmp_path / "numbers.pt")
    assert gs.load(tmp_path / "numbers.pt").tolist() == [0, 1, 2]
    assert gs.load(str(tmp_path / "numbers.pt")).dtype is gs.int64


def test_what_cannot_be_written_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(pickle.PicklingError, match="state_dict"):
        gs.save(gs.nn.Linear(1, 1), tmp_path / "model.pt")
    assert not (tmp_path / "model.pt").exists()
    with pytest.raises(RuntimeError, match=r"Parent directory .* does not exist"):
        gs.save(1, tmp_path / "none" / "x.pt")
    with pytest.raises(AttributeError, match="expected 'f' to be string, path, or a file-like object"):
        gs.save(1, 3)  # type: ignore[arg-type]


def test_every_cut_of_a_file_is_named() -> None:
    data = saved({"a": gs.arange(5.0)})
    with pytest.raises(EOFError):
        gs.load(io.BytesIO(b""))
    for end in range(1, len(data)):
        with pytest.raises((RuntimeError, pickle.UnpicklingError), match=r"failed reading zip archive|is no zip archive"):
            gs.load(io.BytesIO(data[:end]))


def test_a_changed_byte_is_found_or_without_effect() -> None:
    wanted = {"a": gs.arange(9.0), "b": [1, "text"]}
    data = saved(wanted)
    generator = random.Random(0)
    refused = 0
    for _ in range(2000):
        changed = bytearray(data)
        changed[generator.randrange(len(data))] = generator.randrange(256)
        try:
            found = gs.load(io.BytesIO(bytes(changed)))
        except (RuntimeError, pickle.UnpicklingError, ValueError):
            refused += 1
        else:
            assert found["a"].tolist() == wanted["a"].tolist()
            assert found["b"] == wanted["b"]
    assert refused > 500


def test_archives_that_pytorch_does_not_write_are_refused() -> None:
    text = b"\x80\x02]."
    hostile = {
        "compressed": zipped({"a/data.pkl": text * 9}, compression=zipfile.ZIP_DEFLATED),
        "two folders": zipped({"a/data.pkl": text, "b/version": b"3"}),
        "no folder": zipped({"data.pkl": text}),
        "no pickle": zipped({"a/version": b"3"}),
        "empty": zipped({}),
        "old": io.BytesIO(pickle.dumps([1], 2)),
    }
    for name, file in hostile.items():
        with pytest.raises((RuntimeError, pickle.UnpicklingError), match=r"zip archive|data.pkl|compressed"):
            raise AssertionError(f"{name} was read: {gs.load(file)}")
    assert gs.load(zipped({"a/data.pkl": text})) == []


@pytest.mark.parametrize(
    ("offset", "size", "stride"),
    [
        (0, (4,), (1,)), (1, (3,), (1,)), (0, (2, 2), (2, 1)), (-1, (1,), (1,)), (0, (-1,), (1,)), (0, (2,), (-1,)), (0, (1 << 61,
        1 << 61), (0, 0)),
        (0, (2,), (1 << 61,)), (0, (1,), ()), (1 << 70, (), ()), (0, (1,) * 65, (1,) * 65), (0, (True,), (1,)), (0, ("1",), (1,)), (3,
        (), ()),
    ],
)  # fmt: skip
def test_a_tensor_outside_its_memory_is_refused(offset: int, size: tuple[int, ...], stride: tuple[int, ...]) -> None:
    from gradstep.engine.serialization import _KNOWN, StoredMemory, restricted

    memory = StoredMemory("0", gs.float32, "cpu", 12, lambda: bytearray(12), False)
    make = restricted.Restricted(b"", _KNOWN, {}, lambda words: words, "")._known["torch._utils._rebuild_tensor_v2"]
    with pytest.raises((RuntimeError, TypeError)):
        make(memory, offset, size, stride, False, OrderedDict())


def test_a_memory_whose_size_is_not_what_the_pickle_says_is_refused() -> None:
    data = saved(gs.ones(4))
    with zipfile.ZipFile(io.BytesIO(data)) as found:
        records = {name.partition("/")[2]: found.read(name) for name in found.namelist()}
    for wrong in (b"", b"123", b"1" * 17):
        file = io.BytesIO()
        archive.write(file, {**records, "data/0": wrong})
        with pytest.raises(RuntimeError, match=f"data/0 has {len(wrong)} bytes"):
            gs.load(file)
    file = io.BytesIO()
    archive.write(file, {name: record for name, record in records.items() if name != "data/0"})
    with pytest.raises(RuntimeError, match="failed locating file data/0"):
        gs.load(file)


def test_big_endian_files_are_turned() -> None:
    data = saved(gs.tensor([1.0, -2.5]))
    with zipfile.ZipFile(io.BytesIO(data)) as found:
        records = {name.partition("/")[2]: found.read(name) for name in found.namelist()}
    file = io.BytesIO()
    archive.write(file, {**records, "byteorder": b"big", "data/0": struct.pack(">2f", 1.0, -2.5)})
    assert gs.load(file).tolist() == [1.0, -2.5]
    file = io.BytesIO()
    archive.write(file, {**records, "byteorder": b"middle"})
    with pytest.raises(ValueError, match="Unknown endianness"):
        gs.load(file)


def test_loaded_tensors_can_be_changed_and_share_what_they_shared() -> None:
    x = gs.arange(6.0).reshape(2, 3)
    found = gs.load(io.BytesIO(saved([x, x[1], x.t(), x.detach()])))
    found[0][1, 0] = 30.0
    assert [found[1].tolist(), found[2][0].tolist(), found[3][1].tolist()] == [[30.0, 4.0, 5.0], [0.0, 30.0], [30.0, 4.0, 5.0]]
    assert len({tensor._version for tensor in found}) == 1


def test_where_tensors_go_can_be_mapped() -> None:
    data = saved(gs.ones(2))
    asked = []

    def cpu(memory: object, name: str) -> object:
        asked.append(name)
        return memory

    for mapped in ("cpu", gs.device("cpu"), {"cpu": "cpu"}, {}, cpu, lambda memory, name: None, lambda memory, name: memory.cpu()):
        assert gs.load(io.BytesIO(data), map_location=mapped).device == gs.device("cpu")
    assert asked == ["cpu"]
    with pytest.raises(RuntimeError, match="don't know how to restore data location"):
        gs.load(io.BytesIO(data), map_location={"cpu": "mps"})
    with pytest.raises(TypeError, match="map_location"):
        gs.load(io.BytesIO(data), map_location=3)
    with pytest.raises(KeyError, match="of the user"):
        gs.load(io.BytesIO(data), map_location=lambda memory, name: {}["of the user"])
