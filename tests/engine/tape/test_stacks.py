"""Whose frame is whose, and the text of what was run."""

from __future__ import annotations

import linecache
import os
import runpy
import sysconfig
from pathlib import Path

import numpy as np
import pytest

from gradstep.engine.tape import stacks
from gradstep.engine.tape.schema import Frame
from gradstep.engine.tape.stacks import SOURCE_CAP, Stacks, is_kept, is_library, source_text


@pytest.mark.parametrize("file", [stacks.__file__, os.__file__, runpy.__file__, "<frozen runpy>", "<frozen importlib._bootstrap>"])
def test_frames_of_gradstep_and_of_pythons_machinery_are_not_kept(file: str) -> None:
    assert not is_kept(file)


@pytest.mark.parametrize("file", [__file__, "script.py", "<string>", "<stdin>", "/home/me/engine/tape/recorder.py", np.__file__])
def test_frames_of_the_user_and_of_libraries_are_kept(file: str) -> None:
    assert is_kept(file)


def test_libraries_are_told_from_the_users_files() -> None:
    assert is_library(np.__file__)
    assert not is_library(__file__)
    assert not is_library(os.path.join(sysconfig.get_path("stdlib"), "os.py"))


def test_a_stack_is_looked_into_once_and_known_again() -> None:
    made: list[tuple[Frame, ...]] = []
    known: dict[tuple[int, ...], int] = {(): 0}

    def new(key: tuple[int, ...], frames: tuple[Frame, ...]) -> int:
        made.append(frames)
        known[key] = len(made)
        return len(made)

    numbered = Stacks(known, new)
    numbers = [numbered.number(0) for _ in range(3)]
    assert numbers[0] == numbers[1] == numbers[2] == 1
    assert numbered.number(0) == 2  # another line
    assert made[1][0].function == "test_a_stack_is_looked_into_once_and_known_again"
    assert made[1][0].line > made[0][0].line


def test_sources_are_read_in_their_encoding_and_cut(tmp_path: Path) -> None:
    latin = tmp_path / "latin.py"
    latin.write_bytes("# coding: latin-1\nx = 'ü'\r\n".encode("latin-1"))
    assert source_text(str(latin)) == "# coding: latin-1\nx = 'ü'\n"
    (tmp_path / "long.py").write_text("x" * (SOURCE_CAP + 5))
    assert len(source_text(str(tmp_path / "long.py")) or "") == SOURCE_CAP
    (tmp_path / "odd.py").write_text("# coding: no-such-encoding\n")
    os.mkfifo(tmp_path / "pipe.py")
    for name in ("odd.py", "pipe.py", "none.py", "."):
        assert source_text(str(tmp_path / name)) is None


def test_a_notebooks_cell_has_a_source() -> None:
    linecache.cache["<cell 1>"] = (5, None, ["x = 1\n", "y\n"], "<cell 1>")
    try:
        assert source_text("<cell 1>") == "x = 1\ny\n"
    finally:
        del linecache.cache["<cell 1>"]
    assert source_text("<cell 2>") is None
