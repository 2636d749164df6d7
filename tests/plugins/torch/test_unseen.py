"""What cannot be looked into says why, on the tape and in its summary."""

from __future__ import annotations

from gradstep.engine.tape.schema import NodeKind
from gradstep.engine.tape.summary import text
from gradstep.engine.tape.unseen import unseen, why_opaque


def test_a_view_that_was_changed_in_place_says_that_its_node_is_hidden(recorded):
    tape = recorded("""
        import torch
        x = torch.ones(4, requires_grad=True)
        for _ in range(2):
            y = x * 2
            y[:2].mul_(3)
            y.sum().backward()
    """)
    (one,) = unseen(tape)
    assert one.what == "CopySlices"
    assert one.frame.line == 6
    assert NodeKind.REBASE in {node.kind for node in tape.nodes.values()}
    assert "a view was changed in place" in why_opaque(tape, "CopySlices")
    assert why_opaque(tape, "MulBackward0") == ""
    assert "not seen    inside CopySlices" in text(tape)


def test_transforms_run_as_they_do_alone_and_say_what_is_not_recorded(recorded):
    tape = recorded("""
        import torch
        from torch.func import grad, vmap, jacrev
        def f(x):
            return (x ** 3).sum()
        x = torch.tensor([1.0, 2.0])
        assert grad(f)(x).tolist() == [3.0, 12.0]
        assert vmap(grad(f))(x[:, None]).flatten().tolist() == [3.0, 12.0]
        assert jacrev(f)(x).tolist() == [3.0, 12.0]
        w = torch.ones(2, requires_grad=True)
        (w * grad(f)(x)).sum().backward()
        assert w.grad.tolist() == [3.0, 12.0]
    """)
    assert [one.what for one in unseen(tape)] == ["torch.func"]
    assert len(tape.runs) == 1
    assert {"pow", "mul", "sum"} <= {op.name for op in tape.ops.values()}
