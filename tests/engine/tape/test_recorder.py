"""What the recorder writes, and what it never does to the script."""

from __future__ import annotations

import functools
import gc
import os
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradstep.engine.tape import recorder as recorders
from gradstep.engine.tape.check import check
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.recorder import Level, Recorder, recording
from gradstep.engine.tape.schema import (
    Bumped,
    CallBegin,
    CallEnd,
    GradStored,
    HookCalled,
    NodeEnter,
    NodeKind,
    Note,
    Op,
    Payload,
    Record,
    Role,
    RunEnd,
    Stats,
    Val,
)
from gradstep.engine.tape.sinks import ListSink

from .handmade import HandNode, HandTensor, Square, gradient, leaf_node


def made(work: Callable[[Recorder], object], level: Level = Level.VALUES, budget: int = 1 << 20) -> Tape:
    sink = ListSink()
    recorder = Recorder(sink, level, budget)
    work(recorder)
    recorder.flush()
    assert recorder.failed == ""
    return Tape.of(sink.records)


def all_of(tape: Tape, kind: type[Any]) -> list[Any]:
    return [record for record in tape.records() if isinstance(record, kind)]


def test_a_backward_pass_is_written_as_the_invariants_demand() -> None:
    tape = made(lambda recorder: Square(recorder).backward())
    assert check(tape) == []
    [op] = tape.ops.values()
    assert (op.name, len(op.ins), len(op.outs)) == ("mul", 2, 1)
    assert [node.name for node in tape.nodes.values()] == ["AccumulateGrad", "MulBackward0"]
    [stored] = all_of(tape, GradStored)
    grad = tape.value(stored.val)
    assert grad is not None
    assert grad.tolist() == [2.0, 4.0, 6.0]


def test_tensors_are_introduced_with_role_name_and_base() -> None:
    def work(recorder: Recorder) -> None:
        weight = HandTensor(np.ones((2, 3), np.float32), requires_grad=True, name="fc.weight")
        view = HandTensor(weight._data[0], requires_grad=True, is_leaf=False, base=weight)
        constant = HandTensor(np.zeros(3))
        out = HandTensor(view._data + 1, requires_grad=True, is_leaf=False)
        node = HandNode("AddBackward0", [out], [(leaf_node(weight), 0), None])
        recorder.op("add", [view, constant], [out], node, {"alpha": 2}, recorder.clock())

    tape = made(work)
    weight, view, constant, out = tape.tensors.values()
    assert (weight.role, weight.name, weight.meta.shape) == (Role.LEAF, "fc.weight", (2, 3))
    assert (view.base, view.storage) == (weight.id, weight.storage)
    assert (constant.role, constant.meta.dtype, out.role) == (Role.CONSTANT, "float64", Role.ACTIVATION)
    [op] = tape.ops.values()
    assert op.params == (("alpha", "2"),)
    assert op.grads[0] is not None
    assert tape.nodes[op.grads[0].node].op == op.id


def test_a_leaf_without_a_name_is_called_by_the_users_variable() -> None:
    def work(recorder: Recorder) -> None:
        bias, fixed = HandTensor(np.ones(2), requires_grad=True), HandTensor(np.ones(2))
        named = HandTensor(np.ones(2), requires_grad=True, name="fc.weight")
        out = HandTensor(np.ones(2), requires_grad=True, is_leaf=False)
        recorder.op("add", [bias, fixed, named, HandTensor(np.ones(2), requires_grad=True)], [out], None, {}, 0.0)
        renamed = bias
        recorder.op("neg", [renamed], [HandTensor(np.ones(2))], None, {}, 0.0)

    assert [tensor.name for tensor in made(work).tensors.values()] == ["bias", "", "fc.weight", "", "", ""]


def test_a_saved_output_is_the_output() -> None:
    def work(recorder: Recorder) -> None:
        out = HandTensor(np.ones(2), requires_grad=True, is_leaf=False)
        alias = HandTensor(out._data)  # as a node gives one to who looks at what it keeps
        alias._data = out._data
        node = HandNode("TanhBackward0", [out], [], saved=[("out", alias)])
        recorder.op("tanh", [], [out], node, {}, 0.0)

    tape = made(work)
    [op], [node] = tape.ops.values(), tape.nodes.values()
    assert [saved.val for saved in node.saved] == list(op.outs)
    assert len(tape.tensors) == 1


def test_numbers_among_the_inputs_are_told_as_parameters() -> None:
    def work(recorder: Recorder) -> None:
        recorder.op("mul", [HandTensor([1.0]), 2.5], [HandTensor([2.5])], None, {"flag": True, "dim": 1}, 0.0)  # type: ignore[list-item]
        recorder.op("mul", [HandTensor([1.0])], [HandTensor([2.5])], None, {"flag": 1, "dim": True}, 0.0)

    first, second = made(work).ops.values()
    assert first.params == (("flag", "True"), ("dim", "1"), ("input 1", "2.5"))
    assert second.params == (("flag", "1"), ("dim", "True"))  # equal to Python, not to a reader


def test_a_parameter_that_cannot_be_shown_does_no_harm() -> None:
    class Rude:
        def __repr__(self) -> str:
            raise RuntimeError("no")

    tape = made(lambda recorder: recorder.op("op", [], [HandTensor([1.0])], None, {"a": Rude(), "b": [1] * 1000, "c": np.ones(9)}, 0.0))
    [op] = tape.ops.values()
    params = dict(op.params)
    assert params["a"] == "<Rude>"
    assert len(params["b"]) <= 200
    assert params["c"] == "<ndarray (9,)>"


def test_stacks_hold_the_users_frames_innermost_first_and_their_source() -> None:
    def inner(recorder: Recorder) -> None:
        recorder.op("neg", [], [HandTensor([1.0])], None, {}, 0.0)

    def outer(recorder: Recorder) -> None:
        inner(recorder)

    tape = made(outer)
    [op] = tape.ops.values()
    functions = [frame.function for frame in op.stack]
    assert functions[0].endswith("inner")
    assert functions[1].endswith("outer")
    assert all("/engine/tape/" not in frame.file or "/tests/" in frame.file for frame in op.stack)
    assert not any(frame.file.startswith("<frozen") for frame in op.stack)
    assert "def inner(recorder" in tape.sources[__file__]
    assert tape.sources[__file__].splitlines()[op.stack[0].line - 1].strip().startswith("recorder.op(")


def test_a_deep_recursion_keeps_32_frames() -> None:
    def down(recorder: Recorder, depth: int) -> None:
        if depth:
            down(recorder, depth - 1)
        else:
            recorder.op("neg", [], [HandTensor([1.0])], None, {}, 0.0)

    [op] = made(lambda recorder: down(recorder, 100)).ops.values()
    assert len(op.stack) == 32


def test_module_calls_nest_and_ops_know_theirs() -> None:
    def work(recorder: Recorder) -> None:
        outer = recorder.enter_call("", "Net")
        inner = recorder.enter_call("fc", "Linear")
        recorder.op("linear", [], [HandTensor([1.0])], None, {}, 0.0)
        recorder.leave_call(inner)
        recorder.op("relu", [], [HandTensor([1.0])], None, {}, 0.0)
        recorder.leave_call(outer)
        recorder.op("sum", [], [HandTensor([1.0])], None, {}, 0.0)

    tape = made(work)
    linear, relu, last = tape.ops.values()
    assert tape.calls[linear.call or 0].path == "fc"
    assert tape.calls[linear.call or 0].parent == relu.call
    assert last.call is None
    assert check(tape) == []


def test_a_call_that_was_left_by_an_exception_ends_those_inside_it() -> None:
    def work(recorder: Recorder) -> None:
        outer = recorder.enter_call("", "Net")
        recorder.enter_call("fc", "Linear")
        recorder.leave_call(outer)
        recorder.leave_call(outer)  # twice: the second says nothing

    tape = made(work)
    assert [type(event) for event in tape.events] == [CallBegin, CallBegin, CallEnd, CallEnd]
    assert check(tape) == []


@pytest.mark.parametrize("how", ["left", "closed", "failed"])
def test_the_variables_of_a_module_call_are_let_go_of(how: str) -> None:
    sink = ListSink()
    recorder = Recorder(sink)
    alive: list[weakref.ref[Any]] = []

    def call() -> None:
        activation = HandTensor([1.0])
        alive.append(weakref.ref(activation))
        number = recorder.enter_call("fc", "Linear")
        recorder.op("neg", [], [HandTensor([1.0])], None, {}, 0.0)
        if how == "left":
            recorder.leave_call(number)
        elif how == "closed":
            recorder.close()
        else:
            recorder.op("neg", [object()], [3], None, {}, 0.0)  # type: ignore[list-item]

    call()
    assert alive[0]() is None


def test_an_in_place_change_is_a_new_version_of_the_same_tensor() -> None:
    def work(recorder: Recorder) -> None:
        x = HandTensor(np.zeros(2, np.float32))
        recorder.val(x)
        x.change(5)
        recorder.op("add_", [x], [x], None, {}, recorder.clock())
        recorder.mutated(x, 0, 1)

    tape = made(work)
    [op] = tape.ops.values()
    [bumped] = all_of(tape, Bumped)
    assert (op.ins[0], op.outs[0]) == (Val(bumped.tensor, 0), Val(bumped.tensor, 1))
    assert (bumped.old, bumped.new, bumped.by) == (0, 1, op.id)
    for version, wanted in ((0, 0.0), (1, 5.0)):
        value = tape.value(Val(bumped.tensor, version))
        assert value is not None
        assert value.tolist() == [wanted, wanted]


def test_a_gradient_that_was_added_to_in_place_names_what_stood_there() -> None:
    def work(recorder: Recorder) -> None:
        square = Square(recorder)
        run = square.begin()
        grad = gradient([1.0, 1.0, 1.0])
        recorder.val(grad)
        grad.change(4.0)
        recorder.mutated(grad, 0, 1)
        recorder.grad_stored(run, square.x, grad, grad)
        recorder.run_end(run)

    [stored] = all_of(made(work), GradStored)
    assert stored.prev is not None
    assert (stored.prev.version, stored.val) == (0, Val(stored.prev.tensor, 1))


def test_versions_that_a_step_back_took_away_are_not_used_for_other_data() -> None:
    def work(recorder: Recorder) -> None:
        square = Square(recorder)
        run = square.begin()
        before = recorder.position
        grad = gradient([1.0, 1.0, 1.0])
        recorder.val(grad)
        for data in (2.0, 3.0, 4.0):
            grad.change(data)
            recorder.mutated(grad, 0, 1)
            recorder.rewound(run, before)
            grad._cell.version -= 1
            grad._data[...] = 1.0
            recorder.val(grad)
        recorder.run_end(run)

    tape = made(work)
    bumps = all_of(tape, Bumped)
    assert [bumped.new for bumped in bumps] == [1, 2, 3]
    values = [tape.value(Val(bumps[0].tensor, version)) for version in range(4)]
    assert [None if value is None else value[0] for value in values] == [1.0, 2.0, 3.0, 4.0]
    assert check(tape) == []


def test_hooks_are_introduced_once_with_the_place_of_their_function() -> None:
    def double(grad: Any) -> Any:
        return grad * 2

    class Called:
        def __call__(self, grad: Any) -> Any:
            return grad

    def work(recorder: Recorder) -> None:
        for hook in (double, functools.partial(double), Called(), print):
            if hook is not print:
                Square(recorder).backward(hook)
        square = Square(recorder)
        run = square.begin()
        for key, function in enumerate((double, functools.partial(double), Called(), print)):
            recorder.hook_called(run, 0, 100 + key, function, [square.seed], [square.seed], node=square.node, index=0)
            recorder.hook_called(run, 0, 100 + key, function, [square.seed], [], node=square.node, index=0)
        recorder.run_end(run)

    tape = made(work)
    hooks = [hook for hook in tape.hooks.values() if hook.index == 0]
    assert len(hooks) == 4
    assert [hook.at.file if hook.at else None for hook in hooks] == [__file__, __file__, __file__, None]
    assert hooks[0].function.endswith("double")
    assert hooks[3].function == "print"
    assert len(all_of(tape, HookCalled)) == 3 + 8


def test_a_hook_of_gradsteps_own_has_no_place_in_the_users_code() -> None:
    def work(recorder: Recorder) -> None:
        square = Square(recorder)
        run = square.begin()
        recorder.hook_called(run, 1, 5, recorders.install, [square.seed], [square.seed], node=square.node, index=0)
        recorder.run_end(run)

    tape = made(work)
    [hook] = tape.hooks.values()
    assert (hook.at, hook.function) == (None, "install")
    assert recorders.__file__ not in tape.sources


def test_statistics_and_values_are_kept_by_level() -> None:
    counts = {}
    for level in Level:
        tape = made(lambda recorder: Square(recorder).backward(), level)
        counts[level] = len(all_of(tape, Stats)) > 0, len(all_of(tape, Payload)) > 0
    assert counts == {Level.STRUCTURE: (False, False), Level.STATISTICS: (True, False), Level.VALUES: (True, True)}


def test_values_are_copied_when_they_are_met_and_not_when_they_are_written() -> None:
    def work(recorder: Recorder) -> None:
        x = HandTensor(np.zeros(2, np.float32))
        recorder.val(x)
        x._data[...] = 9.0  # through numpy: no version tells of it

    tape = made(work)
    value = tape.value(next(iter(tape.stats)))
    assert value is not None
    assert value.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("size", [10, 5000])
def test_values_over_the_budget_are_dropped_and_it_says_so_once(size: int) -> None:
    def work(recorder: Recorder) -> None:
        for _ in range(5):
            recorder.op("ones", [], [HandTensor(np.ones(size))], None, {}, 0.0)

    tape = made(work, budget=size * 8 * 2)
    assert len(all_of(tape, Payload)) == 2
    assert len(all_of(tape, Stats)) == 5
    [note] = [note for note in tape.notes if note.kind == "dropped"]
    assert "budget" in note.text


def test_an_array_of_a_gpu_is_fetched_with_get() -> None:
    class Device:
        """Refuses everything but what cupy's arrays are asked for."""

        def __init__(self, array: Any) -> None:
            self._array = array
            self.shape, self.dtype, self.size, self.nbytes = array.shape, array.dtype, array.size, array.nbytes

        def get(self) -> Any:
            return self._array.copy()

        def __array__(self, *_: object, **__: object) -> Any:
            raise TypeError("Implicit conversion to a NumPy array is not allowed")

    for size in (3, 5000):
        tape = made(lambda recorder, size=size: recorder.op("ones", [], [HandTensor(Device(np.ones(size)))], None, {}, 0.0))  # type: ignore[misc]
        [val] = tape.stats
        assert tape.stats[val].norm == pytest.approx(size**0.5)
        assert tape.has_value(val)


def test_a_run_inside_a_node_knows_where_it_was_called_from() -> None:
    def work(recorder: Recorder) -> None:
        outer, inner = Square(recorder), Square(recorder)
        run = outer.begin()
        recorder.node_enter(run, outer.node, [outer.seed])
        inner.backward()
        outer.part = gradient([1.0, 1.0, 1.0])
        recorder.node_exit(run, outer.node, [outer.part, outer.part])
        recorder.run_end(run, "RuntimeError: stopped")

    tape = made(work)
    first, second = tape.runs.values()
    assert (second.parent, second.node) == (first.id, first.roots[0].node)
    assert check(tape) == []


def test_an_error_unwinds_the_nodes_of_its_run() -> None:
    def work(recorder: Recorder) -> None:
        square = Square(recorder)
        run = square.begin()
        recorder.node_enter(run, square.node, [square.seed])
        recorder.run_end(run, "ValueError: no")
        recorder.op("after", [], [HandTensor([1.0])], None, {}, 0.0)
        Square(recorder).backward()

    tape = made(work)
    assert [event.error for event in tape.events if isinstance(event, RunEnd)] == ["ValueError: no", ""]
    assert list(tape.ops.values())[1].node is None
    assert list(tape.runs.values())[1].parent is None
    assert check(tape) == []


def test_a_run_that_began_before_the_recording_is_left_out() -> None:
    def work(recorder: Recorder) -> None:
        square = Square(recorder)
        for run in (0, 12345):
            recorder.grad_added(run, None, (square.node, 0), square.y)
            recorder.node_enter(run, square.node, [square.y])
            recorder.node_exit(run, square.node, [None, None])
            recorder.run_end(run)

    assert len(made(work).events) == 0


def test_nodes_of_a_chain_of_a_hundred_thousand_are_introduced_without_recursion() -> None:
    leaf = HandTensor([1.0], requires_grad=True)
    node = leaf_node(leaf)
    for _ in range(100_000):
        node = HandNode("AddBackward0", [leaf], [(node, 0)])
    tape = made(lambda recorder: recorder.run_begin([(node, 0)], [None], [node], False, False, True), Level.STRUCTURE)
    assert len(tape.nodes) == 100_001


def test_a_second_recording_introduces_what_it_meets_again() -> None:
    tapes = []
    x = HandTensor([1.0, 2.0], requires_grad=True)
    for _ in range(2):
        tapes.append(made(lambda recorder: recorder.op("neg", [x], [HandTensor([1.0])], None, {}, 0.0)))
    assert next(iter(tapes[0].tensors)) == next(iter(tapes[1].tensors))
    assert [check(tape) for tape in tapes] == [[], []]


def test_nothing_is_kept_alive() -> None:
    recorder = Recorder(ListSink())
    square = Square(recorder)
    square.backward()
    alive = [weakref.ref(square.x), weakref.ref(square.node), weakref.ref(square.part)]
    del square
    gc.collect()
    assert [reference() for reference in alive] == [None, None, None]


def test_threads_are_told_apart_and_do_not_mix() -> None:
    sink = ListSink()
    recorder = Recorder(sink)
    all_there = threading.Barrier(4)  # the number of a thread that has ended is given again

    def work() -> None:
        all_there.wait()
        for _ in range(20):
            Square(recorder).backward()
        all_there.wait()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    recorder.flush()
    tape = Tape.of(sink.records)
    assert check(tape) == []
    assert {run.thread for run in tape.runs.values()} == {0, 1, 2, 3}


def test_only_one_recorder_is_at_work() -> None:
    first, second = Recorder(ListSink()), Recorder(ListSink())
    with recording(first):
        assert recorders.current is first
        with pytest.raises(RuntimeError, match="another recorder is installed"):
            recorders.install(second)
    assert recorders.current is None


class BrokenSink(ListSink):
    """Fails at the Nth record."""

    def __init__(self, after: int, error: BaseException) -> None:
        super().__init__()
        self.after, self.error = after, error

    def write(self, record: Record) -> None:
        if len(self.records) == self.after:
            self.after = -1
            raise self.error
        super().write(record)


def test_a_sink_that_fails_ends_the_recording_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    sink = BrokenSink(8, OSError(28, "No space left on device"))
    recorder = Recorder(sink)
    with recording(recorder):
        Square(recorder).backward()
        assert recorders.current is None
        Square(recorder).backward()
    said = capsys.readouterr().err
    assert said.count("recording stopped") == 1
    assert "No space left on device" in said
    assert "the script goes on" in said
    assert "No space" in recorder.failed
    assert any(isinstance(record, Note) and record.kind == "stopped" for record in sink.records)


def test_an_odd_tensor_ends_the_recording_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    recorder = Recorder(ListSink())
    recorder.op("odd", [], [HandTensor(np.array([object()]))], None, {}, 0.0)
    recorder.flush()
    assert "recording stopped" in capsys.readouterr().err


@pytest.mark.parametrize("place", ["clock", "name", "saved", "data"])
def test_an_interrupt_inside_the_recorder_passes_through_and_leaves_the_tape_sound(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sink = ListSink()
    recorder = Recorder(sink)
    Square(recorder).backward()
    square = Square(recorder)

    class Interrupting(HandNode):
        def name(self) -> str:
            if place == "name":
                raise KeyboardInterrupt
            return super().name()

        def saved_entries(self) -> Any:
            if place == "saved":
                raise KeyboardInterrupt
            return super().saved_entries()

    class Data(HandTensor):
        @property
        def _base(self) -> Any:
            if place == "data":
                raise KeyboardInterrupt
            return None

        @_base.setter
        def _base(self, _: Any) -> None:
            pass

    out = Data(np.ones(3, np.float32), requires_grad=True, is_leaf=False)
    before = HandTensor(np.ones(3, np.float32))
    node = Interrupting("NegBackward0", [out], [(square.leaf, 0)])
    if place == "clock":
        monkeypatch.setattr(recorder._nouns.stacks, "number", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        recorder.op("neg", [before], [out], node, {"unheard of": "too"}, recorder.clock())
    monkeypatch.undo()
    recorder.op("neg", [before], [HandTensor([1.0])], None, {"unheard of": "too"}, recorder.clock())
    square.backward()
    recorder.flush()
    tape = Tape.of(sink.records)
    assert check(tape) == []
    assert list(tape.ops.values())[-1].params == (("unheard of", "'too'"),)
    assert recorder.failed == ""


def test_a_forked_child_records_nothing_into_its_parents_tape() -> None:
    sink = ListSink()
    recorder = Recorder(sink)
    with recording(recorder):
        Square(recorder)
        pid = os.fork()
        if pid == 0:
            os._exit(0 if recorders.current is None and recorder.failed and not recorder._lock._is_owned() else 1)
        assert os.waitpid(pid, 0)[1] == 0
        assert recorders.current is recorder
        Square(recorder)
    assert len(Tape.of(sink.records).ops) == 2


def test_a_node_is_on_the_tape_before_it_runs() -> None:
    sink = ListSink()
    recorder = Recorder(sink)
    square = Square(recorder)
    run = square.begin()
    recorder.node_enter(run, square.node, [square.seed])
    assert isinstance([record for record in sink.records if not isinstance(record, (Stats, Payload))][-1], NodeEnter)


def test_positions_count_the_events() -> None:
    recorder = Recorder(ListSink())
    assert recorder.position == -1
    square = Square(recorder)
    square.begin()
    assert recorder.position == 2


def test_grad_mode_and_kinds_reach_the_tape() -> None:
    def work(recorder: Recorder) -> None:
        recorder.op("neg", [], [HandTensor([1.0])], None, {}, 0.0, grad_mode=False)
        out = HandTensor([1.0], requires_grad=True, is_leaf=False)
        recorder.op("Mine", [], [out], HandNode("MineBackward", [out], [], kind=NodeKind.CUSTOM), {}, 0.0)

    tape = made(work)
    assert [op.grad_mode for op in tape.ops.values()] == [False, True]
    assert [node.kind for node in tape.nodes.values()] == [NodeKind.CUSTOM]


def test_the_recorder_imports_nothing_of_the_engine_above_it() -> None:
    code = "import sys, gradstep.engine.tape.recorder; print(*sorted(m for m in sys.modules if m.startswith('gradstep.engine.')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert all(
        module.startswith(("gradstep.engine.tape", "gradstep.engine.older", "gradstep.engine.locks")) for module in done.stdout.split()
    )
    assert "Op" in Op.__name__


def test_statistics_of_large_views_are_those_of_what_they_show() -> None:
    data = np.random.default_rng(0).standard_normal((64, 96)).astype(np.float32)
    data[5, 7] = 0
    whole = HandTensor(data)
    shown = [data.T, data[:, :48], data[:, :48].T, data[:32], data.reshape(32, 3, 64), np.broadcast_to(data[:, None], (64, 3, 96))]

    def work(recorder: Recorder) -> None:
        views = []
        for array in shown:
            view = HandTensor(array, base=whole)
            view._data = array  # not a copy of it
            views.append(view)
        recorder.op("look", [whole], views, None, {}, 0.0)
        whole.change(data[::-1].copy() * 3)
        recorder.op("look", views, [whole], None, {}, 0.0)

    tape = made(work, Level.VALUES, 1 << 24)
    found = {(stats.val.tensor, stats.val.version): stats for stats in all_of(tape, Stats)}
    assert len(found) == 2 * (1 + len(shown))
    for (tensor, version), stats in found.items():
        value = tape.value(Val(tensor, version))
        assert value is not None
        assert stats.count == value.size
        assert stats.norm == pytest.approx(float(np.linalg.norm(value)), rel=1e-5)
        assert (stats.low, stats.high) == (value.min(), value.max())
        assert stats.mean == pytest.approx(float(value.mean(dtype=np.float64)), rel=1e-4, abs=1e-7)
        assert stats.zeros == (value == 0).sum()
