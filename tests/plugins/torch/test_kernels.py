"""What ops and nodes run inside, where that was asked for."""

from __future__ import annotations

from gradstep.engine.tape.kernels import as_text, inside

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


def test_ops_and_nodes_say_which_kernels_they_ran(recorded):
    tape = recorded(PROGRAM, kernels=True)
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


def test_without_being_asked_nothing_is_said_of_kernels(recorded):
    tape = recorded(PROGRAM)
    assert list(inside(tape)) == []
