"""The main job in the window: open, run, stop, step, step back, continue, finish; and the ways in which a script can end."""

from __future__ import annotations

from pathlib import Path

import numpy
import pytest

from gradstep.engine.debug.states import State
from gradstep.engine.tape.check import check
from gradstep.gui.guide.examples import FOLDER

from .conftest import LONG, Driver

CHAIN = """
import torch
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
w = torch.tensor([0.5, 1.5, -1.0], requires_grad=True)
y = x
for i in range(6):
    y = (y * w + x).tanh()
y.sum().backward()
print("grad", x.grad.tolist())
"""


def test_open_run_stop_step_back_continue_and_finish(driver: Driver) -> None:
    driver.open(driver.script(CHAIN))
    window, model = driver.window, driver.window.model
    assert driver.state is State.PAUSED
    assert driver.stops[0].reason == "entry"
    assert driver.stops[0].name == "SumBackward0"
    assert window.canvas.current_key == ("node", driver.stops[0].node)

    visited = [driver.stops[0].node]
    for _ in range(10):
        stop = driver.step()
        assert stop is not None
        visited.append(stop.node)
    assert len(set(visited)) == 11
    assert driver.place.startswith("step 10 of ")

    for expected in reversed(visited[5:10]):
        stop = driver.step("step_back")
        assert stop is not None
        assert stop.node == expected
        assert window.canvas.current_key == ("node", expected)
    assert driver.place.startswith("step 5 of ")

    driver.press("continue")
    driver.end()
    assert driver.state is State.FINISHED
    model.catch_up()
    assert model.tape is not None
    assert check(model.tape) == []
    grad = next(value for value in model.state.grads.values() if value is not None)
    assert model.tape.value(grad) is not None
    assert "grad" in driver.printed


def test_stepping_back_and_on_changes_no_result(driver: Driver, tmp_path: Path) -> None:
    save = CHAIN + f"import numpy; numpy.save({str(tmp_path / 'grad.npy')!r}, x.grad.numpy())\n"
    driver.open(driver.script(save))
    for name in ("step", "step", "step", "step_back", "step", "step", "step_back", "step_back"):
        driver.step(name)
    driver.press("continue")
    driver.end()
    stepped = numpy.load(tmp_path / "grad.npy")
    driver.press("stop_on_entry")
    driver.press("restart")
    driver.until(lambda: driver.states[-1] is State.FINISHED and State.STARTING in driver.states[-6:])
    assert stepped.tobytes() == numpy.load(tmp_path / "grad.npy").tobytes()


def test_run_to_the_selected_node(driver: Driver) -> None:
    driver.open(driver.script(CHAIN))
    tape = driver.window.model.tape
    assert tape is not None
    wanted = min(node for node in driver.window.model.state.node_status if tape.nodes[node].name == "TanhBackward0")
    driver.window.model.select(("node", wanted))
    stop = driver.step("run_to")
    assert stop is not None
    assert stop.node == wanted


def test_looking_at_the_past_does_not_move_the_program(driver: Driver) -> None:
    driver.open(driver.script(CHAIN))
    for _ in range(4):
        driver.step()
    live = driver.stops[-1].node
    driver.press("previous_event")
    driver.press("previous_event")
    assert not driver.window.model.is_live
    assert driver.place.startswith("PAST: ")
    assert driver.window.canvas.current_key != ("node", live)
    driver.press("return_to_live")
    assert driver.window.canvas.current_key == ("node", live)
    assert len(driver.stops) == 5


def test_a_script_that_raises_names_line_and_error_and_keeps_the_steps(driver: Driver) -> None:
    driver.open(driver.script(CHAIN + "raise ValueError('of mine')\n"))
    driver.press("continue")
    driver.end()
    assert driver.state is State.RAISED
    assert "script.py stopped at line 10: ValueError: of mine" in driver.message
    assert "backward steps were recorded" in driver.message


def test_a_crash_in_backward_names_the_node_and_keeps_all_before_it(driver: Driver) -> None:
    driver.open(
        driver.script(
            "import ctypes, torch\n"
            "class Crash(torch.autograd.Function):\n"
            "    @staticmethod\n"
            "    def forward(ctx, x): return x * 1\n"
            "    @staticmethod\n"
            "    def backward(ctx, g): ctypes.string_at(0)\n"
            "x = torch.ones(2, requires_grad=True)\n"
            "(Crash.apply(x) * 2).sum().backward()\n"
        )
    )
    driver.press("continue")
    driver.end()
    assert driver.state is State.CRASHED
    assert "SIGSEGV" in driver.message
    assert "CrashBackward" in driver.message
    assert driver.window.model.tape is not None
    assert len(driver.window.model.tape.events) > 0


def test_an_endless_loop_is_stopped(driver: Driver) -> None:
    driver.window.open_file(driver.script("print('looping', flush=True)\nwhile True:\n    pass\n"))
    driver.until(lambda: "looping" in driver.printed)
    driver.press("stop")
    driver.end()
    assert driver.state is State.STOPPED


def test_a_syntax_error_is_named_and_nothing_is_run(driver: Driver) -> None:
    driver.open(driver.script("print('must not run')\ndef f(:\n"))
    assert driver.state is State.FAILED
    assert "line 2" in driver.message
    assert "must not run" not in driver.printed


def test_a_script_without_backward_is_told_so(driver: Driver) -> None:
    driver.open(driver.script("import torch\nx = torch.ones(2, requires_grad=True)\ny = (x * 2).sum()\n"))
    assert driver.state is State.FINISHED
    assert "backward() was never called" in driver.message


@pytest.mark.parametrize(("name", "code"), [("in_place.py", "inplace."), ("second_backward.py", "")])
def test_the_examples_that_fail_are_explained_in_front(driver: Driver, name: str, code: str) -> None:
    driver.open(str(FOLDER / name))
    driver.finish()
    assert driver.state is State.RAISED, driver.message
    panel = driver.window.panels.explanations
    driver.until(lambda: panel.count() > 0 and driver.window.docks.in_sight(panel))
    assert any(str(finding["code"]).startswith(code) for finding in panel._findings)


@pytest.mark.parametrize("name", ["nan.py", "none_grad.py", "hook.py", "accumulate.py", "wrong_formula.py", "double_backward.py"])
def test_the_examples_run_to_their_end(driver: Driver, name: str) -> None:
    driver.open(str(FOLDER / name))
    assert driver.state is State.PAUSED, driver.message
    while driver.state is State.PAUSED:
        driver.step("continue")
    assert driver.state is State.FINISHED, driver.message
    tape = driver.window.model.tape
    assert tape is not None
    assert check(tape) == []
    if name == "nan.py":
        assert any("SqrtBackward0" in alert.text for alert in driver.window.model.alerts.alerts())


def test_a_saved_tape_opens_without_the_script(driver: Driver, tmp_path: Path) -> None:
    driver.open(driver.script(CHAIN))
    driver.press("continue")
    driver.end()
    tape = driver.window.model.tape
    assert tape is not None
    driver.window.files.save_tape(tape, tmp_path / "kept.gst")
    driver.press("close")
    assert driver.window.pages.currentWidget() is driver.window.welcome
    driver.window.open_file(str(tmp_path / "kept.gst"))
    assert driver.state is State.TRACE
    assert driver.window.canvas.scene is not None
    driver.press("first_event")
    driver.press("next_event")


def test_the_dot_of_the_state_says_what_its_sentence_says(driver: Driver) -> None:
    status = driver.window.status
    driver.open(driver.script("import torch\nx = torch.ones(2, requires_grad=True)\nx.sum().backward()\nx * 2\nwhile True:\n    pass\n"))
    assert (status.dot.property("tone"), status.sentence.text()[:6]) == ("paused", "Paused")
    standing = driver.window.standing
    standing.settling.setInterval(LONG)  # what the state decides is shown when this test says so
    driver.window.session.state_changed.connect(lambda _: standing.enable())  # as what is recorded meanwhile does
    driver.press("continue")
    driver.until(lambda: driver.state is State.RUNNING_FORWARD)
    standing.show_state()
    assert status.sentence.text() == "Running forward."
    assert status.dot.property("tone") == "running"
    driver.press("stop")
    driver.end()
    assert status.dot.property("tone") == ""
