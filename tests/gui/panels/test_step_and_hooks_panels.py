"""The inspector of a node and the list of hooks show what happened, and lead on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QStyleOptionViewItem
from pytestqt.qtbot import QtBot

import gradstep.engine as torch
from gradstep.engine.tape.kernels import Kernel
from gradstep.engine.tape.log import Writer
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.recorder import Level, Recorder, recording
from gradstep.engine.tape.schema import Frame
from gradstep.engine.tape.state import Cursor
from gradstep.gui.models.history import History
from gradstep.gui.models.hooks import hooks_view
from gradstep.gui.models.rows import RowReader
from gradstep.gui.models.steps import step_view
from gradstep.gui.models.values import ValueRef
from gradstep.gui.panels.call_stack_panel import CallStackPanel
from gradstep.gui.panels.detail_tree import LINE, LineDelegate
from gradstep.gui.panels.hooks_panel import HooksPanel
from gradstep.gui.panels.step_panel import StepPanel

from ..tapes import FILE, SmallNetwork


@pytest.fixture
def maker() -> SmallNetwork:
    return SmallNetwork()


def reader_of(maker: SmallNetwork) -> RowReader:
    tape, history = maker.tape(), History()
    history.read(tape)
    return RowReader(tape, history)


def step_panel(qtbot: QtBot, maker: SmallNetwork, node: int, position: int) -> StepPanel:
    reader = reader_of(maker)
    panel = StepPanel()
    qtbot.addWidget(panel)
    panel.resize(320, 500)
    panel.show_step(step_view(reader, Cursor(reader.tape).move_to(position), node))
    panel.show()
    return panel


def pick(panel: StepPanel | HooksPanel, text: str) -> None:
    item = next(item for item in panel._tree.items() if item.text(0).startswith(text))
    panel._tree.setCurrentItem(item)


def activate(panel: StepPanel | HooksPanel, text: str) -> None:
    item = next(item for item in panel._tree.items() if item.text(0).startswith(text))
    panel._tree.itemActivated.emit(item, 0)


def test_a_node_lists_gradients_saved_tensors_and_its_line(qtbot: QtBot, maker: SmallNetwork) -> None:
    panel = step_panel(qtbot, maker, maker.n3, maker.enters[3])
    lines = [line.split("\t")[0] for line in panel._tree.texts()]
    assert lines == [
        "Gradient in", "MulBackward0 edge 0", "MulBackward0 edge 1", "as given to it",
        "Gradient out", "ReluBackward0", "fc2.weight",
        "Saved tensors", "self", "mat2",
        "Forward op", "small.py:14  <module>",
    ]  # fmt: skip
    assert panel._source.text() == "small.py:14"


def test_a_node_lists_the_kernels_of_its_backward_and_of_its_op(qtbot: QtBot, maker: SmallNetwork) -> None:
    reader = reader_of(maker)
    view = step_view(reader, Cursor(reader.tape).move_to(maker.enters[3]), maker.n3)
    assert view is not None
    inside = (Kernel("aten::t", "float32 [3, 6]", 2e-6), Kernel("aten::mm", "float32 [4, 6]", 9e-6))
    panel = StepPanel()
    qtbot.addWidget(panel)
    panel.show_step(replace(view, kernels=inside, op_kernels=inside[1:], kernels_asked=True))
    lines = panel._tree.texts()
    (heading,) = [place for place, line in enumerate(lines) if line.startswith("Kernels")]
    assert [line.split("\t")[0] for line in lines[heading:]] == [
        "Kernels", "1  aten::t", "2  aten::mm", "Forward op", "small.py:14  <module>", "kernels", "1  aten::mm",
    ]  # fmt: skip
    assert lines[heading + 2].split("\t")[2] == "4\u00d76 f32"
    panel.show_step(replace(view, kernels_asked=False))
    place = [line.split("\t")[0] for line in panel._tree.texts()].index("Kernels")
    assert panel._tree.texts()[place + 1].startswith("not recorded")


def test_picking_a_gradient_shows_it_and_activating_goes_to_the_other_node(qtbot: QtBot, maker: SmallNetwork) -> None:
    panel = step_panel(qtbot, maker, maker.n3, maker.enters[3])
    with qtbot.waitSignal(panel.value_picked) as value:
        pick(panel, "ReluBackward0")
    assert isinstance(value.args[0], ValueRef)
    assert value.args[0].label == "gradient to ReluBackward0"
    with qtbot.waitSignal(panel.node_picked) as node:
        activate(panel, "fc2.weight")
    assert node.args == [("node", maker.a2)]
    with qtbot.waitSignal(panel.line_picked) as line:
        activate(panel, "small.py:14")
    assert line.args == [FILE, 14]


def test_what_was_selected_and_closed_stays_so_at_the_next_moment(qtbot: QtBot, maker: SmallNetwork) -> None:
    reader = reader_of(maker)
    cursor = Cursor(reader.tape)
    panel = StepPanel()
    qtbot.addWidget(panel)
    panel.show_step(step_view(reader, cursor.move_to(maker.enters[2]), maker.n3))
    pick(panel, "mat2")
    next(item for item in panel._tree.items() if item.text(0) == "Gradient in").setExpanded(False)
    panel.show_step(step_view(reader, cursor.move_to(maker.enters[3]), maker.n3))
    current = panel._tree.currentItem()
    assert current is not None
    assert current.text(0) == "mat2"
    assert not next(item for item in panel._tree.items() if item.text(0) == "Gradient in").isExpanded()


def test_a_lone_number_is_written_short_and_of_several_the_norm_so_that_none_is_cut(qtbot: QtBot, tmp_path: Path) -> None:
    recorder = Recorder(Writer(str(tmp_path / "few.gst")), Level.VALUES)
    with recording(recorder):
        w = torch.tensor([3.0, 4.0, 12.0], requires_grad=True)
        ((w * w).sum() / 7.0).backward()
    recorder.close()
    tape, history = Tape.open(str(tmp_path / "few.gst")), History()
    history.read(tape)
    reader, cursor = RowReader(tape, history), Cursor(tape)
    cursor.move_to(len(tape.events) - 1)
    panel = StepPanel()
    qtbot.addWidget(panel)
    nodes = {node.name: node.id for node in tape.nodes.values()}
    panel.show_step(step_view(reader, cursor.state, nodes["DivBackward0"]))
    assert any(line.startswith("SumBackward0\t0.1429\tscalar") for line in panel._tree.texts())
    panel.show_step(step_view(reader, cursor.state, nodes["AccumulateGrad"]))
    assert panel._tree.texts()[-1].split("\t")[1:] == ["3.71", "3 f32"]
    assert "0.857" in panel._tree.topLevelItem(1).child(0).toolTip(1)


def test_no_node_is_said(qtbot: QtBot) -> None:
    panel = StepPanel()
    qtbot.addWidget(panel)
    assert "No node is selected" in panel._stage.notice.text()


def hooks_panel(qtbot: QtBot, maker: SmallNetwork) -> HooksPanel:
    panel = HooksPanel()
    qtbot.addWidget(panel)
    panel.resize(800, 240)
    panel.show_hooks(hooks_view(reader_of(maker), maker.run))
    panel.show()
    return panel


def test_hooks_and_stores_stand_in_their_order_with_what_they_did(qtbot: QtBot, maker: SmallNetwork) -> None:
    panel = hooks_panel(qtbot, maker)
    panel.show_position(maker.i - 1)
    rows = [line.split("\t") for line in panel._tree.texts()]
    assert [row[0] for row in rows] == [
        "AccumulateGrad fc2.weight", "fc2.weight.grad", "ReluBackward0", "double  (tensor hook)", "AccumulateGrad fc1.weight",
        "fc1.weight.grad",
    ]  # fmt: skip
    assert rows[3][3:] == ["changed \u00d72", "small.py:5"]
    assert rows[1][1] == "nothing"


def test_at_another_moment_the_same_lines_stay_and_only_their_looks_change(qtbot: QtBot, maker: SmallNetwork) -> None:
    panel = hooks_panel(qtbot, maker)
    view, before = panel._view, list(panel._tree.items())
    texts = panel._tree.texts()
    panel.show_moment(view, -1, None)
    assert all(panel._tree.is_dim(item.data(0, LINE)) for item in panel._tree.items())
    panel.show_moment(view, len(maker.tape().events), None)
    assert not any(panel._tree.is_dim(item.data(0, LINE)) for item in panel._tree.items())
    assert list(panel._tree.items()) == before
    assert panel._tree.texts() == texts


def test_activating_a_hook_goes_to_its_moment_and_its_line(qtbot: QtBot, maker: SmallNetwork) -> None:
    panel = hooks_panel(qtbot, maker)
    with qtbot.waitSignals([panel.event_picked, panel.line_picked]):
        activate(panel, "double")


def test_only_the_selected_node_on_wish(qtbot: QtBot, maker: SmallNetwork) -> None:
    panel = hooks_panel(qtbot, maker)
    panel.show_node(("node", maker.n2))
    panel._only.setChecked(True)
    assert [line.split("\t")[0] for line in panel._tree.texts()] == ["ReluBackward0", "double  (tensor hook)"]
    panel.show_node(("node", maker.n1))
    assert "No hook fired" in panel._stage.notice.text()


def packed_tape(file: Path) -> Tape:
    """A recorded program in which a module's hook and hooks on saved tensors are called in forward, and the latter in backward."""

    def half(tensor: torch.Tensor) -> tuple[str, torch.Tensor]:
        return "half", tensor / 2

    def whole(packed: tuple[str, torch.Tensor]) -> torch.Tensor:
        return packed[1] * 2

    recorder = Recorder(Writer(str(file)), Level.VALUES)
    with recording(recorder):
        x = torch.tensor([3.0], requires_grad=True)
        with torch.autograd.graph.saved_tensors_hooks(half, whole):
            y = x.sin()
        with torch.autograd.graph.saved_tensors_hooks(lambda tensor: 7, lambda number: torch.tensor([7.0])):
            z = y.exp()
        z.backward()
    recorder.close()
    return Tape.open(str(file))


def test_hooks_on_saved_tensors_stand_before_the_pass_and_inside_the_nodes_and_unpacking_cannot_be_switched_off(
    qtbot: QtBot, tmp_path: Path
) -> None:
    tape, history = packed_tape(tmp_path / "packed.gst"), History()
    history.read(tape)
    panel = HooksPanel()
    qtbot.addWidget(panel)
    panel.show_hooks(hooks_view(RowReader(tape, history), next(iter(tape.runs))))
    panel.show_position(len(tape.events) - 1)
    panel.show()
    rows = [line.split("\t") for line in panel._tree.texts()]
    lines = [[row[0].rpartition("<locals>.")[2], *row[1:4]] for row in rows]
    assert lines[:3] == [
        ["Forward"],
        ["half  (pack hook)", "3.0", "1.5", "packed \u00d70.5"],
        ["<lambda>  (pack hook)", lines[2][1], "no tensor", "packed"],
    ]
    assert lines[3:7] == [
        ["ExpBackward0"], ["<lambda>  (unpack hook)", "no tensor", "7.0", "unpacked"],
        ["SinBackward0"], ["whole  (unpack hook)", "1.5", "3.0", "unpacked \u00d72"],
    ]  # fmt: skip
    pick(panel, rows[1][0])
    assert panel._switch.isEnabled()
    pick(panel, rows[6][0])
    assert not panel._switch.isEnabled()
    assert panel._switch.text().endswith("whole Is Always Called")
    assert "switch off the pack hook" in panel._switch.toolTip()


def test_selected_lines_can_be_copied(qtbot: QtBot, maker: SmallNetwork) -> None:
    panel = hooks_panel(qtbot, maker)
    pick(panel, "double")
    panel._tree.copy()
    assert QGuiApplication.clipboard().text().startswith("double  (tensor hook)\t")


def test_a_stack_leads_to_its_lines(qtbot: QtBot) -> None:
    panel = CallStackPanel()
    qtbot.addWidget(panel)
    panel.show_stacks([("forward of MulBackward0", [Frame("/home/me/model.py", 12, "forward"), Frame(FILE, 14, "<module>")])])
    with qtbot.waitSignal(panel.line_picked) as line:
        panel._tree.setCurrentItem(next(item for item in panel._tree.items() if item.text(0) == "forward"))
    assert line.args == ["/home/me/model.py", 12]
    panel.show_stacks([])
    assert panel._stage.is_empty


@pytest.mark.parametrize(
    ("kind", "words"), [("opaque", "written in C++"), ("rebase", "back into its base"), ("boundary", "hooks of a module")]
)
def test_a_node_that_shows_less_says_why(qtbot: QtBot, maker: SmallNetwork, kind: str, words: str) -> None:
    panel = step_panel(qtbot, maker, maker.n3, maker.enters[3])
    assert panel._view is not None
    assert not panel._why.isVisible()
    panel.show_step(replace(panel._view, kind=kind))
    assert panel._why.isVisible()
    assert words in panel._why.text()


def test_numbers_and_shapes_have_their_share_of_a_wide_panel(qtbot: QtBot) -> None:
    panel = StepPanel()
    qtbot.addWidget(panel)
    panel.resize(340, 500)
    panel.show()
    narrow = [panel._tree.columnWidth(column) for column in (1, 2)]
    panel.resize(640, 500)
    wide = [panel._tree.columnWidth(column) for column in (1, 2)]
    assert sum(narrow) < 130  # the names have the rest
    assert wide[0] > 80
    assert wide[1] >= 150


def test_columns_stand_still_from_node_to_node_and_leave_the_rest_to_names(qtbot: QtBot, maker: SmallNetwork) -> None:
    panel = step_panel(qtbot, maker, maker.n3, maker.enters[3])
    panel.resize(340, 500)
    view = panel._view
    assert view is not None
    taken = [panel._tree.columnWidth(column) for column in (1, 2)]
    assert taken[1] >= panel._tree.sizeHintForColumn(2)
    panel.show_step(replace(view, arrived=(), sent=(), saved=()))
    assert [panel._tree.columnWidth(column) for column in (1, 2)] == taken


def test_a_lone_number_is_shown_in_all_its_digits_where_there_is_room_and_copied_so(qtbot: QtBot, tmp_path: Path) -> None:
    recorder = Recorder(Writer(tmp_path / "run.gst"), Level.VALUES)
    with recording(recorder):
        x = torch.tensor(0.1234567890123456, dtype=torch.float64, requires_grad=True)
        (x * 3.3333333333333335).exp().backward()
    recorder.close()
    tape, history = Tape.open(tmp_path / "run.gst"), History()
    history.read(tape)
    node = next(id for id, one in tape.nodes.items() if one.name.startswith("Mul"))
    panel = StepPanel()
    qtbot.addWidget(panel)
    panel.resize(600, 500)
    panel.show_step(step_view(RowReader(tape, history), Cursor(tape).move_to(len(tape.events) - 1), node))
    panel.show()
    tree = panel._tree
    item = next(item for item in tree.items() if item.data(0, LINE).exact)
    exact = item.data(0, LINE).exact
    assert len(exact) > 12

    def shown() -> str:
        option = QStyleOptionViewItem()
        tree.initViewItemOption(option)
        index = tree.indexFromItem(item, 1)
        option.rect = tree.visualRect(index)
        delegate = tree.itemDelegate()
        assert isinstance(delegate, LineDelegate)
        delegate.initStyleOption(option, index)
        return option.text

    assert shown() == exact
    panel.resize(240, 500)
    qtbot.waitUntil(lambda: shown() == item.text(1))
    assert len(item.text(1)) < 8
    tree.selectAll()
    tree.copy()
    assert exact in QGuiApplication.clipboard().text()
