"""Small files of the user's: whole or not at all, and what is damaged is put aside."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from gradstep.engine.kept import LARGEST, KeptFile, whole


def test_a_file_is_replaced_when_all_of_it_is_written(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("old", encoding="utf-8")
    os.chmod(file, 0o640)
    with whole(file) as stream:
        stream.write("new")
        stream.flush()
        assert file.read_text(encoding="utf-8") == "old"
    assert file.read_text(encoding="utf-8") == "new"
    assert file.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [file]


def test_a_writer_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("old", encoding="utf-8")

    def fail() -> None:
        with whole(file, "wb") as stream:
            stream.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert file.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [file]


def kept(file: Path | None) -> tuple[KeptFile, list[Any]]:
    taken: list[Any] = []
    made = KeptFile(file, "things")
    made.read(lambda facts: taken.append(facts["things"]))
    return made, taken


def test_what_is_written_is_read(tmp_path: Path) -> None:
    file = tmp_path / "new folder" / "a.json"
    made, taken = kept(file)
    assert (made.problem, taken) == ("", [])
    made.write({"things": [1, "é"]})
    assert kept(file)[1] == [[1, "é"]]


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"{}", b"\xff", b"\0" * 9, b"[" * 99_999, b" " * (LARGEST + 2)])
def test_what_is_damaged_is_put_aside_before_anything_is_written(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(data)
    made, taken = kept(file)
    assert taken == []
    assert "cannot be read as things" in made.problem
    assert file.read_bytes() == data
    made.write({"things": 3})
    assert made.problem == ""
    assert file.with_suffix(".damaged").read_bytes() == data
    assert json.loads(file.read_text(encoding="utf-8")) == {"things": 3}


def test_where_nothing_can_be_written_it_is_said_and_nothing_raises(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    made, _ = kept(tmp_path / "file" / "a.json")
    made.write({"things": 3})
    assert "holds until gradstep ends" in made.problem
    KeptFile(None, "things").write({"things": 3})


def test_what_a_killed_writer_left_is_taken_away_later(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    old, new, other = (tmp_path / name for name in (".a.json-old", ".a.json-new", ".b.json-old"))
    for path in (old, new, other):
        path.write_text("half", encoding="utf-8")
    for path in (old, other):
        os.utime(path, (0, 0))
    with whole(file) as stream:
        stream.write("new")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".a.json-new", ".b.json-old", "a.json"]


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.json")
    made, taken = kept(tmp_path / "a.json")
    assert taken == []
    assert "not an ordinary file" in made.problem
