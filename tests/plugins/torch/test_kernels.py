"""What ops and nodes run inside, where that was asked for."""

from __future__ import annotations

import pytest

from gradstep.engine.tape.kernels import KernelBook, as_text, inside

PROGRAM = """
    import torch
    torch.manual_seed(0)
    w = torch.randn(3, 4, requires_grad=True)
    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2
        @staticmethod
        def backward(ctx, g):
            return g * 2
    y = torch.nn.functional.linear(torch.ones(2, 4), w)
    Double.apply(y)[:, :2].sum().backward()
    w.grad.add_(1)
"""


def test_ops_and_nodes_say_which_kernels_they_ran(recorded, session):
    tape = recorded(PROGRAM, kernels=True)
    assert not session.printed.get("stderr")  # the mode was taken away at the end
    found = list(inside(tape))
    by_op = {tape.ops[one.op].name: [kernel.name for kernel in one.kernels] for one in found if one.op}
    assert by_op["linear"] == ["aten::t", "aten::mm"]
    assert by_op["sum"] == ["aten::sum"]
    by_node = {tape.nodes[one.node].name: [kernel.name for kernel in one.kernels] for one in found if one.node}
    assert "aten::mm" in by_node["MmBackward0"]
    assert all(kernel.duration > 0 for one in found for kernel in one.kernels)
    mm = next(kernel for one in found for kernel in one.kernels if kernel.name == "aten::mm")
    assert mm.outs == "float32 [2, 3]"
    assert "linear" in as_text(tape)
    book = KernelBook(tape)
    assert book.asked
    assert [[kernel.name for kernel in book.of_op(op.id)] for op in tape.ops.values() if op.name == "linear"] == [["aten::t", "aten::mm"]]
    (run,) = tape.runs
    assert "aten::mm" in [kernel.name for node in tape.nodes for kernel in book.of_node(run, node)]


def test_without_being_asked_nothing_is_said_of_kernels(recorded):
    tape = recorded(PROGRAM)
    assert list(inside(tape)) == []
    assert KernelBook(tape).asked is False


def test_the_kernels_of_a_long_run_take_few_notes(recorded):
    tape = recorded("import torch\nx = torch.ones(3)\nfor _ in range(3000):\n    x = x + 1\n", kernels=True, level="structure")
    assert sum(len(one.kernels) for one in inside(tape)) == 3000
    assert sum(note.kind == "kernels" for note in tape.notes) < 1000


@pytest.mark.parametrize("text", ["nonsense", "[1]", '[{"op": 1}]', '{"op": 1, "node": 0, "run": 0, "kernels": [1]}', "[" * 10**5])
def test_notes_of_strangers_that_make_no_sense_say_nothing(text):
    from gradstep.engine.tape.reader import Tape
    from gradstep.engine.tape.schema import Note

    tape = Tape.of([Note("begin", '{"kernels": "perhaps"}'), Note("kernels", text)])
    assert list(inside(tape)) == []
    assert KernelBook(tape).asked is None
