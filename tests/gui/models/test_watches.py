"""Watches: kept, read from answers and from the tape, and where a breakpoint would have to wait for them."""

from __future__ import annotations

import math
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester

from gradstep.engine.debug.breakpoints import BreakKind
from gradstep.engine.tape.schema import Role
from gradstep.engine.tape.state import Cursor
from gradstep.gui.models.watch_model import HISTORY, Column, WatchModel
from gradstep.gui.models.watches import Reading, Watch, WatchRow, WatchTable, answered, breakpoint_of, recorded, recorded_name

from ..tapes import SmallNetwork


def test_watches_are_kept_in_a_file_and_a_damaged_file_is_put_aside(tmp_path: Path) -> None:
    file = tmp_path / "script.watches.json"
    table = WatchTable(file)
    first = table.add("w.grad")
    second = table.add("#4", True)
    table.change(first.id, "loss")
    assert list(WatchTable(file)) == [Watch(1, "loss"), second]
    table.remove(first.id)
    assert [watch.id for watch in WatchTable(file)] == [2]
    file.write_text("{", encoding="utf-8")
    broken = WatchTable(file)
    assert "cannot be read as watches" in broken.problem
    assert not list(broken)
    broken.add("x")
    assert file.with_suffix(".damaged").exists()
    assert [watch.expression for watch in WatchTable(file)] == ["x"]


def test_an_answer_is_a_tensor_with_its_norm_a_number_or_neither() -> None:
    figures = {"norm": 2.5, "nans": 0, "posinfs": 0, "neginfs": 0}
    about = {"tensor": 7, "shape": [2, 3], "dtype": "float32"}
    tensor = answered({"result": "tensor([[1.,\n 2.]])", "type": "Tensor", "value": about, "statistics": figures})
    assert (tensor.norm, tensor.tensor, tensor.bad, tensor.text) == (2.5, 7, False, "tensor([[1., 2.]])")
    poisoned = answered({"result": "", "value": about, "statistics": {**figures, "norm": None, "nans": 2}})
    assert poisoned.bad
    assert math.isnan(poisoned.norm)
    assert answered({"result": "3", "type": "int", "number": 3}).norm == 3
    assert math.isnan(answered({"result": "'a'", "type": "str"}).norm)


def test_a_watch_has_changed_when_it_is_not_what_it_was_at_the_stop_before() -> None:
    one, same, other = Reading("1", 1.0), Reading("1", 1.0), Reading("2", 2.0)
    assert not WatchRow(Watch(1, "a"), (one,)).changed
    assert not WatchRow(Watch(1, "a"), (one, same)).changed
    assert WatchRow(Watch(1, "a"), (one, other)).changed
    assert not WatchRow(Watch(1, "a"), (Reading("None"), Reading("None"))).changed


def test_values_of_the_tape_are_found_by_name_and_number_and_their_breakpoints_by_what_makes_them() -> None:
    tape = SmallNetwork().tape()
    cursor = Cursor(tape)
    cursor.move_to(len(tape.events) - 1)
    state = cursor.state
    leaf = next(tensor for tensor in tape.tensors.values() if tensor.role is Role.LEAF and state.grads.get(tensor.id) is not None)
    grad = state.grads[leaf.id]
    assert grad is not None
    read = recorded(tape, state, f"{leaf.name}.grad")
    assert (read.tensor, read.error) == (grad.tensor, "")
    assert read.norm == tape.stats[grad].norm
    assert recorded_name(tape, state, grad) == f"{leaf.name}.grad"
    assert breakpoint_of(tape, state, Watch(1, "g", True), read) == (BreakKind.HOOK, f"AccumulateGrad:{leaf.name}", "")
    assert "nothing on the tape is called" in recorded(tape, state, "nobody").error
    op = next(iter(tape.ops.values()))
    made = Watch(2, f"#{op.outs[0].tensor}", True)
    place = breakpoint_of(tape, state, made, recorded(tape, state, made.expression))
    assert place is not None
    assert place[0] is BreakKind.VALUE
    assert place[2].startswith(f"op == {op.name!r} and line == {op.stack[0].line}")
    assert breakpoint_of(tape, state, Watch(3, "1 + 1"), Reading("2", 2.0)) is None


def test_the_model_keeps_qts_rules_and_edits_are_wishes() -> None:
    model = WatchModel()
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    rows = [
        WatchRow(Watch(1, "w.grad"), (Reading("a", 1.0, "2 f32"), Reading("b", math.inf, "2 f32", bad=True))),
        WatchRow(Watch(4, "gone"), (Reading("", error="name 'gone' is not defined"),)),
        WatchRow(Watch(5, "#3", True)),
    ]
    model.show(rows)
    texts = [[model.index(row, column).data() for column in Column] for row in range(3)]
    assert texts[0] == ["w.grad", "●", "inf", "", "2 f32   b"]
    assert texts[1][Column.VALUE] == "name 'gone' is not defined"
    assert texts[2][Column.VALUE] == "at the next stop"
    assert model.index(0, Column.HISTORY).data(HISTORY) == (1.0, math.inf)
    assert model.index(0, Column.CHANGED).data(Qt.ItemDataRole.AccessibleTextRole) == "changed since the stop before"
    told: list[tuple[int, str]] = []
    model.edited.connect(lambda number, text: told.append((number, text)))
    assert model.setData(model.index(1, 0), " loss ")
    assert told == [(4, "loss")]
    assert not model.flags(model.index(2, 0)) & Qt.ItemFlag.ItemIsEditable
    model.show(rows[:1])
    model.show([])
    assert model.rowCount() == 0
