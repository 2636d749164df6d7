"""Columns say of many rows what their records say of each."""

import numpy as np
import pytest

import gradstep.engine as torch
from gradstep.engine.tape import columns
from gradstep.engine.tape.log import Writer
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.recorder import Recorder, recording
from gradstep.engine.tape.schema import NodeEnter, NodeExit, Val


class Split(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a, b):
        return a + b, a * b

    @staticmethod
    def backward(ctx, g, h):
        return g + h, None


@pytest.fixture(params=[1 << 30, 200], ids=["one block", "many blocks"])
def tape(tmp_path, request):
    recorder = Recorder(writer := Writer(tmp_path / "run.gst"))
    layer = torch.nn.Linear(3, 3)
    with recording(recorder):
        for _ in range(3):
            a, b = Split.apply(layer(torch.ones(2, 3)), torch.ones(2, 3, requires_grad=True))
            (torch.stack([a, b]).sum() + a.sum()).backward()
    recorder.close()
    writer.close()
    tape = Tape.open(tmp_path / "run.gst", poll=False)
    while tape.poll(request.param):
        pass
    yield tape
    tape.close()


def values(found, owner):
    chosen = np.flatnonzero(found.owner == owner)
    assert found.slot[chosen].tolist() == sorted(found.slot[chosen].tolist())
    return {int(found.slot[i]): Val(int(found.tensor[i]), int(found.version[i])) for i in chosen}


def test_ops_are_those_of_the_records(tape):
    found = columns.ops(tape, 0)
    assert found.id.tolist() == list(tape.ops)
    for place, op in enumerate(tape.ops.values()):
        assert (found.call[place], found.node[place]) == (op.call or 0, op.node or 0)
        assert tape.stack(int(found.stack[place])) == op.stack
        assert found.before[place] == tape.events_before(op)
        assert found.grad_mode[place] == op.grad_mode
    assert set(found.grad_mode.tolist()) == {True, False}
    later = columns.ops(tape, 4, 7)
    assert later.id.tolist() == found.id[4:7].tolist()


def test_nodes_are_those_of_the_records(tape):
    found = columns.nodes(tape)
    assert found.id.tolist() == list(tape.nodes)
    assert [(op, leaf) for op, leaf in zip(found.op.tolist(), found.variable.tolist(), strict=True)] == [
        (node.op or 0, node.variable or 0) for node in tape.nodes.values()
    ]
    assert found.variable.any()


def test_tensors_are_those_of_the_records(tape):
    found = columns.tensors(tape)
    assert found.id.tolist() == list(tape.tensors)
    for place, tensor in enumerate(tape.tensors.values()):
        assert found.role[place] == tensor.role
        assert tape.metas()[found.meta[place]] == tensor.meta
        assert (found.storage[place], found.base[place]) == (tensor.storage, tensor.base or 0)
        assert tape.text(int(found.name[place])) == tensor.name
    assert any(tensor.name for tensor in tape.tensors.values())


def test_what_ops_took_and_made_are_those_of_the_records(tape):
    taken, made = columns.values_of_ops(tape, 2)
    for place, op in enumerate(list(tape.ops.values())[2:]):
        assert values(taken, place) == {slot: val for slot, val in enumerate(op.ins) if val is not None}
        assert values(made, place) == dict(enumerate(op.outs))
    nothing, again = columns.values_of_ops(tape, 2, inputs=False)
    assert len(nothing) == 0
    assert again.tensor.tolist() == made.tensor.tolist()


def test_gradients_are_those_of_the_events_and_go_where_the_nodes_say(tape):
    chosen = [event for event in tape.events if isinstance(event, NodeEnter | NodeExit)]
    assert {len(event.grads) for event in chosen} >= {1, 2}
    found = columns.gradients(tape, np.array([event.i for event in chosen]))
    for place, event in enumerate(chosen):
        assert values(found, place) == {slot: val for slot, val in enumerate(event.grads) if val is not None}
    left = np.array([event.i for event in chosen if isinstance(event, NodeExit)])
    passed = columns.gradients(tape, left)
    nodes = np.array([tape.events[int(i)].node for i in left])[passed.owner]
    slots = [tape.nodes[int(node)].next[int(slot)] for node, slot in zip(nodes, passed.slot, strict=True)]
    assert columns.targets(tape, nodes, passed.slot).tolist() == [slot.node if slot is not None else 0 for slot in slots]
    assert columns.targets(tape, nodes[:1], np.array([99])).tolist() == [0]


def test_statistics_are_found_by_value(tape):
    taken, _ = columns.values_of_ops(tape, 0)
    places = tape.stats.places(np.append(taken.tensor, 0), np.append(taken.version, 0))
    assert places[-1] == -1
    for place, tensor, version in zip(places.tolist(), taken.tensor.tolist(), taken.version.tolist(), strict=False):
        known = tape.stats.get(Val(tensor, version))
        assert (known is None) == (place < 0)
        assert known is None or tape.stats.table[place]["norm"] == known.norm


def test_a_node_is_named_without_its_record(tape):
    assert [tape.name_of(node) for node in tape.nodes] == [node.name for node in tape.nodes.values()]
    with pytest.raises(KeyError):
        tape.name_of(10**9)
