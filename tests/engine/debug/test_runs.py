"""The runs that are kept: which there are, and which are put away."""

from __future__ import annotations

import fcntl
import json
import os
import time
from pathlib import Path

import pytest

from gradstep.engine.debug.runs import DAY, is_alive, runs, tidy


def run(below: Path, name: str, *, days: float, size: int = 500) -> Path:
    """A run that began so many days ago and whose files take so many bytes."""
    folder = below / f"run-{name}"
    folder.mkdir()
    (folder / "lock").touch()
    facts = {"script": f"/{name}.py", "tape": str(folder / "tape.gst"), "state": "finished", "started": time.time() - days * DAY}
    text = json.dumps(facts)
    (folder / "run.json").write_text(text, encoding="utf-8")
    (folder / "tape.gst").write_bytes(bytes(size - len(text)))
    return folder


def names(below: Path) -> list[str]:
    return [kept.folder.name for kept in runs(below)]


def test_runs_are_listed_the_newest_first(tmp_path: Path) -> None:
    for name, days in (("old", 9), ("new", 1), ("middle", 4)):
        run(tmp_path, name, days=days, size=1000)
    assert names(tmp_path) == ["run-new", "run-middle", "run-old"]
    assert runs(tmp_path)[0].script == "/new.py"
    assert runs(tmp_path)[0].size == 1000
    assert runs(tmp_path / "nowhere") == []


def test_runs_that_are_kept_long_enough_are_put_away(tmp_path: Path) -> None:
    old, new = run(tmp_path, "old", days=9), run(tmp_path, "new", days=1)
    assert tidy(5, 0, below=tmp_path) == [old]
    assert not old.exists()
    assert new.exists()
    assert tidy(0, 0, below=tmp_path) == []


def test_the_oldest_go_first_where_space_is_short(tmp_path: Path) -> None:
    for days in (1, 2, 3, 4):
        run(tmp_path, str(days), days=days, size=1000)
    tidy(0, 2500, below=tmp_path)
    assert names(tmp_path) == ["run-1", "run-2"]


def test_a_run_that_is_alive_and_one_that_is_wanted_stay(tmp_path: Path) -> None:
    alive, wanted, gone = (run(tmp_path, name, days=9) for name in ("alive", "wanted", "gone"))
    descriptor = os.open(alive / "lock", os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        assert is_alive(alive)
        assert tidy(5, 1, keep=[wanted], below=tmp_path) == [gone]
    finally:
        os.close(descriptor)
    assert not is_alive(alive)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"script": 1}', "[" * 99_999])
def test_what_is_no_run_of_ours_is_left_alone(tmp_path: Path, text: str) -> None:
    folder = tmp_path / "run-strange"
    folder.mkdir()
    (folder / "run.json").write_text(text, encoding="utf-8")
    (tmp_path / "run-file").write_text("", encoding="utf-8")
    (tmp_path / "run-link").symlink_to(folder)
    (tmp_path / "else").mkdir()
    assert runs(tmp_path) == []
    assert tidy(1, 1, below=tmp_path) == []
    assert len(list(tmp_path.iterdir())) == 4
