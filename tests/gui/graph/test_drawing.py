"""Large graphs are arranged in a process of their own; the newest wish wins."""

import contextlib
import io
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import networkx as nx
import pytest

from gradstep.engine.tape.log import Writer
from gradstep.engine.tape.reader import Tape
from gradstep.gui.canvas import measure
from gradstep.gui.graph.drawing import Drawing
from gradstep.gui.graph.drawing_process import serve
from gradstep.gui.graph.parts import Assembly, Told
from gradstep.gui.graph.picture import HEAD, LATEST, LENGTH, Picture, Shown, Stage, graph_of
from gradstep.plugins.layouts import layered_layout

from ..tapes import SmallNetwork, TapeMaker, chain

LONG = 30_000  # milliseconds; only a failure pays them


def recorded(maker: TapeMaker, file: Path) -> Tape:
    """A tape in a file."""
    writer = Writer(file)
    for record in maker.records:
        writer.write(record)
    writer.close()
    return Tape.open(file)


@pytest.fixture
def tape(tmp_path):
    tape = recorded(SmallNetwork(), tmp_path / "run.gst")
    yield tape
    tape.close()


def run(tape: Tape) -> int:
    return next(iter(tape.runs))


@pytest.fixture
def drawing(qapp):
    drawing = Drawing()
    yield drawing
    drawing.close()
    drawing.deleteLater()


def test_the_process_draws_what_the_window_would(qtbot, tape, drawing):
    picture = Picture(tape.path, Shown.BACKWARD, run(tape), 3)
    with qtbot.waitSignal(drawing.drawn, timeout=LONG) as drawn:
        drawing.draw(picture, measure(), layered_layout)
    answered, graph, scene = drawn.args
    assert answered == picture
    assert set(graph) == set(graph_of(tape, picture))
    assert set(scene.keys) == set(graph)


def test_another_wish_ends_the_one_before(qtbot, tape, drawing):
    first, second = Picture(tape.path, Shown.BACKWARD, run(tape), 3), Picture(tape.path, Shown.FORWARD, run(tape), 3)
    answers = []
    drawing.drawn.connect(lambda picture, graph, scene: answers.append(picture))
    drawing.draw(first, measure(), layered_layout)
    drawing.draw(second, measure(), layered_layout)
    qtbot.waitUntil(lambda: bool(answers), timeout=LONG)
    assert answers == [second]


def test_a_picture_that_takes_many_turns_comes_whole_and_in_its_order(qtbot, tape, drawing, monkeypatch):
    monkeypatch.setattr("gradstep.gui.graph.drawing.TURN", 0)
    heard = []
    drawing.progressed.connect(heard.append)
    drawing.drawn.connect(lambda picture, graph, scene: heard.append(picture))
    pictures = [Picture(tape.path, shown, run(tape), 3) for shown in (Shown.BACKWARD, Shown.FORWARD)]
    for number, picture in enumerate(pictures):
        drawing.draw(picture, measure(), layered_layout)
        qtbot.waitUntil(lambda number=number: sum(isinstance(one, Picture) for one in heard) > number, timeout=LONG)
    assert [one for one in heard if isinstance(one, Picture)] == pictures
    assert heard.index(Stage.ARRANGING) < heard.index(pictures[0])


def held(monkeypatch) -> Callable[[], object]:
    """Pictures are put together without end, a little in each turn of the event loop, until what is returned is called."""
    join, holds = Assembly.join, [True]
    monkeypatch.setattr("gradstep.gui.graph.drawing.TURN", 0)
    monkeypatch.setattr(Assembly, "join", lambda assembly: bool(holds) or join(assembly))
    return holds.clear


def test_a_newer_wish_wins_while_a_picture_is_put_together(qtbot, tape, drawing, monkeypatch):
    release = held(monkeypatch)
    answers = []
    drawing.drawn.connect(lambda picture, graph, scene: answers.append((picture, graph, scene)))
    first, second = Picture(tape.path, Shown.BACKWARD, run(tape), 3), Picture(tape.path, Shown.FORWARD, run(tape), 3)
    drawing.draw(first, measure(), layered_layout)
    qtbot.waitUntil(lambda: drawing.is_put_together, timeout=LONG)
    assert drawing.wished == first
    drawing.draw(second, measure(), layered_layout)
    release()
    qtbot.waitUntil(lambda: bool(answers), timeout=LONG)
    assert [picture for picture, _, _ in answers] == [second]
    _, graph, scene = answers[0]
    assert set(graph) == set(graph_of(tape, second)) == set(scene.keys)


def test_what_is_cancelled_while_it_is_put_together_is_not_drawn(qtbot, tape, drawing, monkeypatch):
    release = held(monkeypatch)
    drawing.draw(Picture(tape.path, Shown.BACKWARD, run(tape), 3), measure(), layered_layout)
    qtbot.waitUntil(lambda: drawing.is_put_together, timeout=LONG)
    drawing.cancel()
    release()
    assert drawing.wished is None
    again = Picture(tape.path, Shown.FORWARD, run(tape), 3)
    with qtbot.waitSignal(drawing.drawn, timeout=LONG) as drawn:
        drawing.draw(again, measure(), layered_layout)
    assert drawn.args[0] == again


def test_the_same_picture_grown_waits_for_the_one_that_is_drawn(qtbot, tape, drawing):
    answers = []
    drawing.drawn.connect(lambda picture, graph, scene: answers.append(picture))
    drawing.draw(Picture(tape.path, Shown.BACKWARD, run(tape), 3), measure(), layered_layout)
    drawing.draw(Picture(tape.path, Shown.BACKWARD, run(tape), 4), measure(), layered_layout)
    qtbot.waitUntil(lambda: bool(answers), timeout=LONG)
    assert [picture.size for picture in answers] == [3]


def test_a_process_that_dies_says_which_picture_is_missing(qtbot, tmp_path, drawing, capfd):
    picture = Picture(str(tmp_path / "gone.gst"), Shown.BACKWARD, 1, 3)
    with qtbot.waitSignal(drawing.failed, timeout=LONG) as failed:
        drawing.draw(picture, measure(), layered_layout)
    assert failed.args == [picture]
    assert "gone.gst" in capfd.readouterr().err


def test_it_answers_one_wish_after_another_until_nobody_asks(tape):
    wishes, answers = io.BytesIO(), io.BytesIO()
    for shown in Shown:
        message = pickle.dumps((Picture(tape.path, shown, run(tape), 3), measure(), layered_layout))
        wishes.write(LENGTH.pack(len(message)) + message)
    wishes.seek(0)
    serve(wishes, answers)
    answers.seek(0)
    messages = []
    while head := answers.read(HEAD.size):
        length, what = HEAD.unpack(head)
        messages.append((Told(what), pickle.loads(answers.read(length))))
    rests = [message for what, message in messages if what is Told.ANSWER]
    nodes = [{key for key, _ in message} for what, message in messages if what is Told.NODES]
    assert [rest.picture.shown for rest in rests] == list(Shown)
    assert nodes == [set(graph_of(tape, rest.picture)) for rest in rests]
    assert messages[0] == (Told.STAGE, Stage.READING)
    assert messages[-3] == (Told.STAGE, Stage.ARRANGING)


def test_a_tape_that_took_the_place_of_another_is_drawn_in_its_place(qtbot, tape, drawing, tmp_path):
    picture = Picture(tape.path, Shown.FORWARD, 0, 3)
    with qtbot.waitSignal(drawing.drawn, timeout=LONG) as drawn:
        drawing.draw(picture, measure(), layered_layout)
    before = set(drawn.args[1])
    recorded(chain(3), tmp_path / "other.gst").close()
    (tmp_path / "other.gst").replace(tape.path)
    drawing.let_go()
    with qtbot.waitSignal(drawing.drawn, timeout=LONG) as drawn:
        drawing.draw(picture, measure(), layered_layout)
    with contextlib.closing(Tape.open(tape.path)) as other:
        assert set(drawn.args[1]) == set(graph_of(other, picture)) != before


def test_the_latest_run_is_found_by_the_process(qtbot, tape, drawing):
    with qtbot.waitSignal(drawing.drawn, timeout=LONG) as drawn:
        drawing.draw(Picture(tape.path, Shown.BACKWARD, LATEST, 0), measure(), layered_layout)
    (answered, _, _) = drawn.args
    assert answered == Picture(tape.path, Shown.BACKWARD, list(tape.runs)[-1], len(tape.runs[list(tape.runs)[-1]].needed))


def test_a_layout_that_cannot_draw_it_says_why(qtbot, tape, drawing, capfd):
    picture = Picture(tape.path, Shown.BACKWARD, run(tape), 3)
    with qtbot.waitSignal(drawing.refused, timeout=LONG) as refused:
        drawing.draw(picture, measure(), nx.find_cycle)  # which is no layout
    assert refused.args[0] == picture
    assert refused.args[1]
    assert "find_cycle" in capfd.readouterr().err
    assert drawing.wished is None


def test_what_is_cancelled_is_not_drawn(qtbot, tape, drawing):
    drawing.draw(Picture(tape.path, Shown.BACKWARD, run(tape), 3), measure(), layered_layout)
    drawing.cancel()
    assert drawing.wished is None
    again = Picture(tape.path, Shown.FORWARD, run(tape), 3)
    with qtbot.waitSignal(drawing.drawn, timeout=LONG) as drawn:
        drawing.draw(again, measure(), layered_layout)
    assert drawn.args[0] == again


def test_the_process_needs_no_qt():
    """It begins in half the time without."""
    seen = subprocess.run(
        [sys.executable, "-P", "-c", "import sys, gradstep.gui.graph.drawing_process, gradstep.plugins.layouts; print(*sys.modules)"],
        capture_output=True, check=True, text=True,
    )  # fmt: skip
    assert not {name.partition(".")[0] for name in seen.stdout.split()} & {"PySide6", "shiboken6", "pyqtgraph"}
