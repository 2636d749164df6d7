"""Ranks in the window: found from a tape of the job, followed, and one of them shown instead of another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import gradstep.engine as torch
from gradstep.engine.debug.states import State
from gradstep.engine.tape.log import Writer
from gradstep.engine.tape.recorder import Level, Recorder, recording
from gradstep.gui.files import recent
from gradstep.gui.guide.examples import FOLDER as EXAMPLES

from .conftest import Driver


class Worker:
    """A rank that trains in steps."""

    def __init__(self, folder: Path, number: int, size: int) -> None:
        self.path = folder / f"rank{number}.gst"
        self.number = number
        self.recorder = Recorder(Writer(str(self.path)), Level.VALUES)
        self.recorder.note("begin", json.dumps({"rank": [number, size]}))
        torch.manual_seed(0)
        self.model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1))

    def step(self, value: float) -> None:
        with recording(self.recorder):
            self.model.zero_grad()
            self.model(torch.full((2, 3), value + self.number)).square().mean().backward()
        self.recorder.note("step", "")

    def end(self) -> None:
        self.recorder.note("end", "null")
        self.recorder.close()


@pytest.fixture
def workers(tmp_path: Path) -> list[Worker]:
    """Three ranks that have done a step and go on."""
    made = [Worker(tmp_path, number, 3) for number in range(3)]
    for worker in made:
        worker.step(1.0)
    return made


def trace(driver: Driver, file: Path) -> Any:
    driver.window.open_file(str(file))
    driver.until(lambda: driver.state is State.TRACE)
    driver.press("ranks")
    return driver.window.panels.ranks


def test_ranks_are_followed_and_the_poisoned_one_is_shown_where_it_broke(driver: Driver, workers: list[Worker]) -> None:
    panel = trace(driver, workers[0].path)
    view = panel.model
    driver.until(lambda: view.view.steps == 1)
    assert [lane.name for lane in view.view.lanes] == ["rank 0", "rank 1", "rank 2"]
    assert panel.headline() == "No rank stands out."
    for worker in workers:
        worker.step(float("nan") if worker.number == 2 else 2.0)
        worker.end()
    driver.until(lambda: view.view.difference is not None)
    assert "rank 2, step 1, 2.bias: NaN or infinite" in panel.headline()
    panel.go()
    model = driver.window.model
    driver.until(lambda: model.tape is not None and model.tape.path == str(workers[2].path) and model.selection.key is not None)
    tape = model.tape
    assert tape is not None
    assert tape.nodes[model.selection.key[1]].variable is not None  # the AccumulateGrad that got it
    assert not model.is_live
    driver.until(lambda: view.view.shown == 2)
    panel.rank_picked.emit(1)
    driver.until(lambda: view.view.shown == 1)
    assert driver.window.windowTitle().startswith("rank0.gst")  # what is open stays


def test_a_rank_that_was_lost_is_red_and_the_others_stay_readable(driver: Driver, workers: list[Worker]) -> None:
    for worker in workers:
        worker.step(2.0)
    workers[1].recorder.close()
    cut = workers[1].path.read_bytes()
    workers[1].path.write_bytes(cut[: len(cut) - 60])  # as a process leaves it that is killed
    workers[0].end()
    workers[2].end()
    panel = trace(driver, workers[0].path)
    driver.until(lambda: panel.model.view.difference is not None)
    assert [lane.is_lost for lane in panel.model.view.lanes] == [False, True, False]
    assert "rank 1" in panel.headline()
    panel.step_wished.emit(0)
    driver.until(lambda: panel.model.view.step == 0)
    assert all(cell is not None for row in panel.model.view.rows for cell in row.cells)


def test_the_passes_of_one_script_that_plays_four_ranks_stand_side_by_side(driver: Driver) -> None:
    driver.open(str(EXAMPLES / "four_ranks.py"))
    driver.finish()
    driver.press("ranks")
    panel = driver.window.panels.ranks
    driver.until(lambda: panel.model.view.difference is not None)
    assert [lane.name for lane in panel.model.view.lanes] == ["pass 1", "pass 2", "pass 3", "pass 4"]
    assert panel.headline().startswith("First difference: pass 3, step 1, 2.bias: NaN or infinite")
    assert not panel._rank.isVisible()
    panel.go()
    assert driver.window.model.selection.key is not None
    assert not driver.window.model.is_live


def test_a_folder_opens_its_first_rank_with_the_ranks_in_sight(driver: Driver, workers: list[Worker]) -> None:
    for worker in workers:
        worker.end()
    folder = workers[0].path.parent
    driver.window.open_file(str(folder))
    driver.until(lambda: driver.state is State.TRACE)
    assert driver.window.windowTitle().startswith("rank0.gst")
    assert driver.window.docks.in_sight(driver.window.panels.ranks)
    driver.until(lambda: len(driver.window.panels.ranks.model.view.lanes) == 3)
    assert recent.recent(driver.window.settings)[0] == folder.resolve()  # what the user opened, and can open again


def test_a_folder_without_tapes_says_what_it_should_hold(driver: Driver, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    driver.window.open_file(str(empty))
    assert "holds no tapes of ranks: rank0.gst" in driver.window.message.text
    assert not driver.window.opening.name
