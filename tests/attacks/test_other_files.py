"""Other files that may come damaged or from strangers: what the window keeps, what runs leave, tensors of other programs."""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

import gradstep.engine as gs
from gradstep.engine.debug.breakpoints import BreakKind, BreakpointTable
from gradstep.engine.debug.runs import runs
from gradstep.engine.extensions.switches import Switches
from gradstep.engine.serialization.safetensors import load_file
from gradstep.gui.models.notes import NotesTable
from gradstep.gui.models.watches import WatchTable

ODD: list[Any] = [
    None, True, -1, 0, 1 << 70, 1e308, float("inf"), float("nan"), "", "x" * 10_000, "../../x", "\x00\x1b[2J\u202e", [], {}, [[[]]],
    {"a": {}},
]  # fmt: skip


def _places(facts: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(facts, (dict, list)):
        for key in facts if isinstance(facts, dict) else range(len(facts)):
            yield from _places(facts[key], (*path, key))


def _with(facts: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copy: Any = dict(facts) if isinstance(facts, dict) else list(facts)
    copy[path[0]] = _with(facts[path[0]], path[1:], value)
    return copy


def _breakpoints(file: Path) -> BreakpointTable:
    return BreakpointTable(file)


def _damaged_texts(text: str) -> Iterator[str]:
    rand = Random(4)
    for _ in range(60):
        place = rand.randrange(len(text))
        yield text[:place]
        yield text[:place] + chr(rand.randrange(1, 0x2100)) + text[place + 1 :]
    yield "[" * 100_000
    yield '{"' + "a" * 1_000_000 + '": 1}'
    yield "9" * 100_000


KEPT: dict[str, tuple[Callable[[Path], Any], Callable[[Any], object]]] = {
    "breakpoints": (_breakpoints, lambda table: table.add(BreakKind.NODE, "mul", condition="phase == 'forward'", hits="2")),
    "notes": (NotesTable, lambda notes: (notes.write_text("a"), notes.add(3, "somewhere", ("node", 3)))),
    "watches": (WatchTable, lambda watches: watches.add("grad.norm()")),
    "plug-ins": (Switches, lambda switches: switches.switch_package("somebody", True)),
}


@pytest.mark.parametrize("name", KEPT)
def test_a_kept_file_that_says_anything_is_put_aside_or_read(tmp_path: Path, name: str) -> None:
    make, change = KEPT[name]
    file = tmp_path / "kept.json"
    change(make(file))
    text = file.read_text(encoding="utf-8") if file.exists() else "{}"
    facts = json.loads(text)
    for path in _places(facts):
        for value in ODD:
            file.write_text(json.dumps(_with(facts, path, value)), encoding="utf-8")
            assert isinstance(make(file).problem, str)
    for damaged in _damaged_texts(text):
        file.write_text(damaged, encoding="utf-8", errors="replace")
        assert isinstance(make(file).problem, str)
    os.unlink(file)
    os.mkfifo(file)
    assert "not an ordinary file" in make(file).problem


def test_a_run_that_says_anything_is_listed_or_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "run-1"
    folder.mkdir()
    facts = {"script": "a.py", "tape": "/nowhere/tape.gst", "state": "finished", "started": 1.0}
    for path in _places(facts):
        for value in ODD:
            (folder / "run.json").write_text(json.dumps(_with(facts, path, value)), encoding="utf-8")
            assert len(runs(tmp_path)) <= 1
    for damaged in _damaged_texts(json.dumps(facts)):
        (folder / "run.json").write_text(damaged, encoding="utf-8", errors="replace")
        assert len(runs(tmp_path)) <= 1


class _Bomb:
    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, ("touch owned",)


def _archive(pickled: bytes, data: bytes = bytes(16)) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("archive/data.pkl", pickled)
        made.writestr("archive/data/0", data)
        made.writestr("archive/version", "3\n")
    return file.getvalue()


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_no_pickle_of_a_stranger_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, protocol: int) -> None:
    monkeypatch.chdir(tmp_path)
    bomb = pickle.dumps(_Bomb(), protocol)
    for data in (bomb, _archive(bomb), pickle.dumps({"a": _Bomb()}, protocol), _archive(pickle.dumps([_Bomb()], protocol))):
        (tmp_path / "x.pt").write_bytes(data)
        with pytest.raises((pickle.UnpicklingError, RuntimeError, ValueError, EOFError)):
            gs.load(str(tmp_path / "x.pt"))
    assert not (tmp_path / "owned").exists()


def test_a_saved_tensor_that_was_changed_is_loaded_or_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.pt"
    gs.save({"a": gs.arange(12.0).reshape(3, 4), "b": [1, "x", None]}, str(file))
    whole, rand = file.read_bytes(), Random(6)
    for _ in range(300):
        data = bytearray(whole)
        place = rand.randrange(len(data))
        how = rand.randrange(4)
        if how == 0:
            data[place] ^= 1 << rand.randrange(8)
        elif how == 1:
            del data[place:]
        elif how == 2:
            data[place : place + 8] = rand.randbytes(8)
        else:
            data[place : place + 4] = struct.pack("<I", (1 << 32) - 1)
        file.write_bytes(data)
        try:
            gs.load(str(file))
        except (pickle.UnpicklingError, RuntimeError, ValueError, EOFError, KeyError, OSError):
            continue


HEADERS = [
    b'{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}',
    b'{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}',
    b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}',
    b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,99999]}}',
    b'{"a":{"dtype":"object","shape":[1],"data_offsets":[0,4]}}',
    b'{"a":{"dtype":"F32","shape":"x","data_offsets":[0,4]}}',
    b'{"a":{"dtype":"F32","shape":[1e400],"data_offsets":[0,4]}}',
    b'{"a":{"dtype":["F32"],"shape":[1],"data_offsets":[0,4]}}',
    b'{"a":7}',
    b'"x"',
    b"[" * 50_000,
    b'{"a":' * 50_000,
    b"9" * 50_000,
    b"\xff\xfe",
    b"",
]


@pytest.mark.parametrize("header", HEADERS, ids=range(len(HEADERS)))
def test_a_safetensors_file_made_to_harm_is_refused(tmp_path: Path, header: bytes) -> None:
    file = tmp_path / "x.safetensors"
    for size in (len(header), (1 << 64) - 1, 1 << 40):
        file.write_bytes(struct.pack("<Q", size) + header + bytes(4))
        with pytest.raises(Exception, match=r"\w") as told:
            load_file(str(file))
        assert not isinstance(told.value, (MemoryError, RecursionError, AttributeError, OverflowError)), told.value
