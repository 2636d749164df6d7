"""Whose frame is whose, and the text of what was run."""

from __future__ import annotations

import gc
import linecache
import os
import runpy
import sys
import sysconfig
import weakref
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gradstep.engine.tape import stacks
from gradstep.engine.tape.schema import Frame
from gradstep.engine.tape.stacks import DEPTH, SOURCE_CAP, Base, Stacks, is_kept, is_library, source_text


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


def collecting() -> tuple[Stacks, list[tuple[Frame, ...]]]:
    made: list[tuple[Frame, ...]] = [()]
    known: dict[tuple[int, ...], int] = {(): 0}

    def new(key: tuple[int, ...], frames: tuple[Frame, ...]) -> int:
        made.append(frames)
        known[key] = len(made) - 1
        return known[key]

    return Stacks(known, new), made


@pytest.mark.parametrize("depth", [0, 3, DEPTH + 5])
def test_a_stack_that_ends_at_a_base_has_the_same_frames_as_a_whole_one(depth: int) -> None:
    numbered, made = collecting()

    def module(base: Base | None, left: int) -> tuple[int, int]:
        base = Base(sys._getframe(), base)
        return module(base, left - 1) if left else inner(base)

    def inner(base: Base | None) -> tuple[int, int]:
        return numbered.number(0, base), numbered.number(0)

    def down(left: int) -> tuple[int, int]:
        return down(left - 1) if left else module(None, 2)

    numbered._codes[id(module.__code__)] = None  # a frame of the engine's
    based, whole = down(depth)
    assert based != whole
    assert [frame.function for frame in made[based]] == [frame.function for frame in made[whole]]
    assert made[based][1:] == made[whole][1:]
    assert made[based][0].function.endswith("inner")


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


class Thing:
    """Not to be compared: whoever looks for it must do so by identity."""

    def __eq__(self, other: object) -> bool:
        raise AssertionError("the user's code was called")

    __hash__ = None  # type: ignore[assignment]


@pytest.fixture
def variable() -> Callable[[object], str]:
    return Stacks({(): 0}, lambda key, frames: 1).variable


def test_a_variable_of_the_users_function_is_found_by_identity(variable: Callable[[object], str]) -> None:
    first, second, _ = Thing(), Thing(), (third := Thing())
    free = Thing()

    def inner(argument: Thing) -> list[str]:
        return [variable(argument), variable(free), variable(Thing())]

    assert [variable(first), variable(second), variable(third)] == ["first", "second", "third"]
    assert inner(second) == ["argument", "free", ""]


def test_a_global_variable_is_found_from_the_module_and_from_its_functions(variable: Callable[[object], str]) -> None:
    space: dict[str, object] = {"variable": variable, "thing": Thing(), 3: 4, "no name": 5}  # type: ignore[dict-item]
    exec(compile("found = variable(thing)\ndef later(): return variable(thing)\nlater = later()", "script.py", "exec"), space)
    assert (space["found"], space["later"]) == ("thing", "thing")


def test_looking_for_a_name_keeps_nothing_alive_and_leaves_the_users_locals_alone(variable: Callable[[object], str]) -> None:
    kept, gone = Thing(), Thing()
    watch = weakref.ref(gone)
    assert variable(kept) == "kept"
    del gone
    gc.collect()
    assert watch() is None

    def of_the_user() -> dict[str, object]:
        mine = kept
        theirs = locals()
        assert variable(mine) == "mine"
        return theirs

    assert of_the_user()["mine"] is kept


def test_a_namespace_that_is_no_dictionary_is_not_asked(variable: Callable[[object], str]) -> None:
    class Space(dict[str, object]):
        def items(self) -> object:  # type: ignore[override]
            raise AssertionError("the user's code was called")

    space = Space(variable=variable, thing=Thing())
    exec(compile("found = variable(thing)", "script.py", "exec"), {}, space)
    assert dict.__getitem__(space, "found") == ""


def test_while_somebody_traces_no_variable_is_looked_at(variable: Callable[[object], str], monkeypatch: pytest.MonkeyPatch) -> None:
    # not by a real trace function: Python 3.11.2 loops for ever in one when code that was traced before has been freed
    monkeypatch.setattr(sys, "gettrace", lambda: print)
    thing = Thing()
    assert variable(thing) == ""
