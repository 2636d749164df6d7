"""What the real engine records: every pass satisfies the invariants, and recording changes nothing."""

from __future__ import annotations

import random
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradstep.engine as torch
from gradstep.engine.autograd import walk
from gradstep.engine.tape.check import check
from gradstep.engine.tape.graph import backward_graph, combined_graph, forward_graph
from gradstep.engine.tape.log import Writer
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.recorder import Level, Recorder, recording
from gradstep.engine.tape.schema import Bumped, GradStored, NodeEnter, NodeExit, NodeReady, Rewound, Val
from gradstep.engine.tape.sinks import ListSink
from gradstep.engine.tape.state import Cursor, Status, fold
from gradstep.engine.tape.summary import summary

Script = Callable[[list[str]], Any]


def regression(order: list[str]) -> Any:
    w = torch.tensor([[0.5, -1.0], [2.0, 0.25]], requires_grad=True)
    b = torch.zeros(2, requires_grad=True)
    x = torch.tensor([1.0, 2.0])
    for _ in range(3):
        (((w * x).sum(1) + b).exp().log() - 3).pow(2).mean().backward()
    return w.grad, b.grad


def hooks(order: list[str]) -> Any:
    x = torch.ones(3, requires_grad=True)
    y = x * 3
    z = y.sum()
    x.register_hook(lambda g: (order.append("leaf"), g * 2)[1])
    y.register_hook(lambda g: (order.append("tensor"), g + 1)[1])
    y.retain_grad()
    z.grad_fn.register_prehook(lambda outs: order.append("pre"))
    z.grad_fn.register_hook(lambda ins, outs: order.append("post"))
    x.register_post_accumulate_grad_hook(lambda leaf: order.append("accumulated"))
    z.backward()
    return x.grad, y.grad


def in_place(order: list[str]) -> Any:
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    y.add_(1)
    y[0].mul_(5)
    (y * y).sum().backward()
    return (x.grad,)


def double_backward(order: list[str]) -> Any:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    (g,) = torch.autograd.grad((x * x * x).sum(), x, create_graph=True)
    g.sum().backward()
    return g.detach(), x.grad


def inside_a_node(order: list[str]) -> Any:
    class Twice(torch.autograd.Function):  # type: ignore[misc, name-defined]
        @staticmethod
        def forward(ctx: Any, a: Any) -> Any:
            ctx.save_for_backward(a)
            return a * 2

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            (a,) = ctx.saved_tensors
            with torch.enable_grad():
                b = a.detach().requires_grad_()
                (b * b).sum().backward()
            return g * 2 + b.grad

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    Twice.apply(x).sum().backward()
    return (x.grad,)


def errors(order: list[str]) -> Any:
    x = torch.ones(3, requires_grad=True)
    y = (x * x).sum()
    y.backward()
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()

    def refuse(g: Any) -> Any:
        raise ValueError("no")

    handle = x.register_hook(refuse)
    with pytest.raises(ValueError, match="no"):
        (x * x).sum().backward()
    handle.remove()
    (x * x).sum().backward()
    return (x.grad,)


def randomness(order: list[str]) -> Any:
    torch.manual_seed(3)
    x = torch.rand(4, requires_grad=True)
    (x * torch.randn(4)).sum().backward()
    return x.detach(), x.grad, torch.rand(3)


def nan(order: list[str]) -> Any:
    x = torch.tensor([0.0, 1.0], requires_grad=True)
    (x.log() * 0).sum().backward()
    return (x.grad,)


def halves(order: list[str]) -> Any:
    w = torch.tensor([[0.5, -1.0], [2.0, 0.1]], dtype=torch.bfloat16, requires_grad=True)
    x = torch.tensor([1.0, 3.0], dtype=torch.float16)
    loss = (w @ x.bfloat16()).softmax(0).float().log().sum()
    loss.backward()
    return w.detach(), loss.detach(), w.grad


SCRIPTS = [regression, hooks, in_place, double_backward, inside_a_node, errors, randomness, nan, halves]


def recorded(script: Script, level: Level = Level.VALUES, path: Path | None = None) -> tuple[Tape, Any, list[str]]:
    order: list[str] = []
    sink = ListSink()
    recorder = Recorder(sink if path is None else Writer(path), level)
    with recording(recorder):
        result = script(order)
    assert recorder.failed == ""
    if path is not None:
        recorder.close()
        return Tape.open(path), result, order
    return Tape.of(sink.records), result, order


def bits(result: Any) -> list[bytes]:
    return [np.asarray(tensor._data).tobytes() for tensor in result]


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_pass_satisfies_the_invariants(script: Script, tmp_path: Path) -> None:
    tape, _, _ = recorded(script, path=tmp_path / "a.gst")
    assert check(tape) == []
    assert tape.verify() == ""
    assert len(tape.ops) > 0


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("level", list(Level))
def test_recording_changes_no_bit_and_no_order(script: Script, level: Level) -> None:
    order: list[str] = []
    with_none = script(order)
    _, with_recorder, recorded_order = recorded(script, level)
    assert bits(with_recorder) == bits(with_none)
    assert recorded_order == order


@pytest.mark.parametrize("script", SCRIPTS)
def test_state_and_graphs_can_be_made_of_every_tape(script: Script) -> None:
    tape, _, _ = recorded(script)
    state = Cursor(tape).move_to(len(tape.events) - 1)
    assert state.runs == ()
    assert state.current is None
    for run in (None, *tape.runs):
        assert set(forward_graph(tape, run)) | set(backward_graph(tape, run)) == set(combined_graph(tape, run))
    assert summary(tape)["events"] == len(tape.events)


def test_bfloat16_is_kept_in_its_16_bits_and_read_as_float32(tmp_path: Path) -> None:
    tape, (w, _, _), _ = recorded(halves, path=tmp_path / "a.gst")
    values = [tape.value(Val(tensor.id, 0)) for tensor in tape.tensors.values() if tensor.meta.dtype == "bfloat16"]
    assert {str(value.dtype) for value in values if value is not None} == {"float32"}
    assert w.tolist() in [value.tolist() for value in values if value is not None]


def test_random_stepping_back_and_forth_leaves_a_sound_tape(monkeypatch: pytest.MonkeyPatch) -> None:
    rand = random.Random(1)

    def drive(under_way: walk.Walk) -> None:
        under_way.rewindable = True
        for _ in range(60):
            if rand.random() < 0.45:
                under_way.step_back()
            else:
                under_way.step()
        under_way.run_to_end()

    def script(order: list[str]) -> Any:
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        w = torch.tensor([3.0, 4.0], requires_grad=True)
        (x * w).sum().backward()
        monkeypatch.setattr(walk, "driver", drive)
        ((x * w).exp() * x).sum().backward()
        monkeypatch.setattr(walk, "driver", None)
        return x.grad, w.grad

    tape, result, _ = recorded(script)
    monkeypatch.setattr(walk, "driver", None)
    plain = regression_of_stepping()
    assert bits(result) == bits(plain)
    assert check(tape) == []
    rewinds = [event for event in tape.events if isinstance(event, Rewound)]
    assert len(rewinds) > 5
    for event in rewinds:
        before, after = fold(tape, event.to), fold(tape, event.i)
        before.position = after.position
        assert before == after
    last = Cursor(tape).move_to(len(tape.events) - 1)
    assert set(last.node_status.values()) == {Status.DONE}


def regression_of_stepping() -> Any:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    w = torch.tensor([3.0, 4.0], requires_grad=True)
    (x * w).sum().backward()
    ((x * w).exp() * x).sum().backward()
    return x.grad, w.grad


def test_what_is_stored_in_grad_is_on_the_tape() -> None:
    tape, (w, _), _ = recorded(regression)
    leaf = next(tensor.id for tensor in tape.tensors.values() if tensor.meta.shape == (2, 2))
    last = [event for event in tape.events if isinstance(event, GradStored) and event.tensor == leaf][-1]
    assert last.val is not None
    assert np.array_equal(tape.value(last.val), w._data)


def test_the_first_nan_is_found_where_it_arose() -> None:
    tape, _, _ = recorded(nan, Level.STATISTICS)
    first = summary(tape)["first_not_finite"]
    assert first["name"] == "log"
    assert (first["infinities"], first["nans"]) == (1, 0)


def test_an_in_place_change_through_a_view_leads_to_what_reads_it() -> None:
    tape, _, _ = recorded(in_place)
    bumps = [event for event in tape.events if isinstance(event, Bumped)]
    assert [(event.old, event.new) for event in bumps] == [(0, 1), (1, 2)]
    graph = forward_graph(tape)
    labels = nx_labels(graph)
    assert ("mul", "mul") in labels  # the change of the view is read by y * y
    assert ("add", "select") in labels


def test_an_in_place_change_names_the_op_that_made_it_and_the_value_before() -> None:
    def script(order: list[str]) -> Any:
        x = torch.ones(3)
        x.zero_()
        x.clamp_(0, 1)
        x.normal_()  # no op: nothing computed it
        x[1:].add_(1)
        return (x,)

    tape, _, _ = recorded(script)
    bumps = [event for event in tape.events if isinstance(event, Bumped)]
    assert [(event.old, event.new) for event in bumps] == [(0, 1), (1, 2), (2, 3), (3, 4)]
    assert [tape.ops[event.by].name if event.by else "" for event in bumps] == ["zero", "clamp", "", "add"]
    for event in bumps:
        if event.by:
            assert tape.ops[event.by].ins[0] == Val(event.tensor, event.old)


def nx_labels(graph: Any) -> set[tuple[str, str]]:
    return {(graph.nodes[a]["label"], graph.nodes[b]["label"]) for a, b in graph.edges}


def test_nodes_that_tie_a_view_to_its_base_belong_to_the_op_that_changed_it() -> None:
    tape, _, _ = recorded(in_place)
    nodes = {node.name: node for node in tape.nodes.values()}
    changed = [op for op in tape.ops.values() if op.name == "mul"][1]
    assert nodes["CopySlices"].op == nodes["AsStridedBackward0"].op == changed.id
    lines = {data["label"]: data["line"] for _, data in backward_graph(tape).nodes(data=True)}
    assert lines["CopySlices"] == lines["AsStrided"] == (__file__, changed.stack[0].line)
    assert check(tape) == []


@pytest.mark.parametrize(
    "where", ["y.register_hook", "x.register_hook", "y.grad_fn.register_prehook", "x.register_post_accumulate_grad_hook"]
)
def test_what_was_recorded_before_a_hook_that_ends_the_process_is_in_the_file(tmp_path: Path, where: str) -> None:
    script = textwrap.dedent(
        f"""
        import os
        import gradstep.engine as torch
        from gradstep.engine.tape.log import Writer
        from gradstep.engine.tape.recorder import Recorder, install
        install(Recorder(Writer({str(tmp_path / "a.gst")!r})))
        x = torch.ones(3, requires_grad=True)
        y = x * 3
        {where}(lambda *_: os._exit(3))
        y.exp().sum().backward()
        """
    )
    done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True)
    assert done.returncode == 3, done.stderr
    tape = Tape.open(tmp_path / "a.gst")
    names = [tape.nodes[event.node].name for event in tape.events.of_kind(NodeExit)]
    assert names == ["SumBackward0", "ExpBackward0", "MulBackward0"][: 2 if "y." in where else 3]
    ready = [tape.nodes[event.node].name for event in tape.events.of_kind(NodeReady)]
    assert ready[-1] == ("MulBackward0" if "y." in where else "AccumulateGrad")
    assert check(tape) == []


def test_leaves_are_called_by_the_variables_of_the_script() -> None:
    tape, _, _ = recorded(regression)
    names = {data["name"] for _, data in backward_graph(tape).nodes(data=True) if data["kind"] == "accumulate"}
    assert names == {"w", "b"}


def test_a_node_that_runs_inside_another_names_it() -> None:
    tape, _, _ = recorded(inside_a_node)
    outer, inner = tape.runs.values()
    assert inner.parent == outer.id
    assert inner.node is not None
    assert tape.nodes[inner.node].name == "TwiceBackward"
    enters = [event for event in tape.events if isinstance(event, NodeEnter)]
    assert {event.run for event in enters} == {outer.id, inner.id}


def test_a_tensor_that_is_expanded_beyond_all_memory_has_exact_statistics(tmp_path: Path) -> None:
    recorder = Recorder(Writer(str(tmp_path / "run.gst")), Level.STATISTICS)
    with recording(recorder):
        wide = (torch.ones(1, requires_grad=True) * 2).expand(2**40)
    recorder.close()
    tape = Tape.open(tmp_path / "run.gst")
    val = next(op.outs[0] for op in tape.ops.values() if op.name == "expand")
    assert wide.shape == (2**40,)
    assert (tape.stats[val].count, tape.stats[val].norm, tape.stats[val].mean) == (2**40, 2.0 * 2**20, 2.0)
