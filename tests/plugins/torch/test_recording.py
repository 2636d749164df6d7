"""A script in plain PyTorch on the tape: ops, nodes, calls, gradients, hooks. Every tape here passes the checks of all tapes."""

from __future__ import annotations

from gradstep.engine.explain.diagnoses import findings
from gradstep.engine.tape.schema import Bumped, GradStored, HookCalled, HookKind, NodeEnter, NodeKind, RunEnd

MLP = """
    import torch
    from torch import nn
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    x, y = torch.randn(5, 4), torch.tensor([0, 1, 0, 1, 1])
    for step in range(2):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
"""


def events(tape, kind):
    return [event for event in tape.events if isinstance(event, kind)]


def test_a_training_loop_leaves_ops_calls_nodes_and_changes(recorded):
    tape = recorded(MLP)
    names = [op.name for op in tape.ops.values()]
    assert names[:4] == ["linear", "relu", "linear", "cross_entropy"]
    assert [(call.path, call.type) for call in tape.calls.values()][:4] == [
        ("", "Sequential"),
        ("0", "Linear"),
        ("1", "ReLU"),
        ("2", "Linear"),
    ]
    assert {tape.tensors[node.variable].name for node in tape.nodes.values() if node.kind is NodeKind.ACCUMULATE} == {
        "0.weight", "0.bias", "2.weight", "2.bias",
    }  # fmt: skip
    assert len(events(tape, GradStored)) == 8
    assert {tape.ops[event.by].name for event in events(tape, Bumped)} == {"add_"}


def test_every_node_of_a_function_knows_the_op_that_made_it(recorded):
    tape = recorded(MLP)
    op = next(op for op in tape.ops.values() if op.name == "cross_entropy")
    assert sorted(node.name for node in tape.nodes.values() if node.op == op.id) == ["LogSoftmaxBackward0", "NllLossBackward0"]
    assert op.stack[0].line == 10
    assert tape.nodes[op.grads[0].node].name == "NllLossBackward0"


def test_what_a_node_keeps_is_the_result_itself_not_an_alias(recorded):
    tape = recorded(MLP)
    relu = next(op for op in tape.ops.values() if op.name == "relu")
    node = tape.nodes[relu.grads[0].node]
    assert [(saved.name, saved.val) for saved in node.saved] == [("result", relu.outs[0])]


def test_what_a_node_keeps_is_named_by_the_tensors_that_its_op_was_given_and_gave(recorded):
    tape = recorded("""
        import torch
        x, w = torch.randn(3, 4, requires_grad=True), torch.randn(4, 4, requires_grad=True)
        y = (x * x).sigmoid()
        with torch.autograd.graph.saved_tensors_hooks(lambda kept: kept, lambda kept: kept):
            z = y * w[:3]
        with torch.autocast("cpu", torch.bfloat16):
            a = z @ w
        a.float().sum().backward()
    """)
    square, packed = (op for op in tape.ops.values() if op.name == "mul")
    result, product = (next(op for op in tape.ops.values() if op.name == name) for name in ("sigmoid", "matmul"))
    kept = {node.op: {saved.val for saved in node.saved} for node in tape.nodes.values() if node.saved}
    assert kept[square.id] == {square.ins[0]}
    assert kept[result.id] == {result.outs[0]}
    assert kept[packed.id] == {None}
    copies = {tape.tensors[val.tensor] for val in kept[product.id]}  # autocast multiplied these
    assert {tensor.meta.dtype for tensor in copies} == {"bfloat16"}
    assert not kept[product.id] & set(product.ins)


def test_values_are_those_that_pytorch_had(recorded):
    tape = recorded("import torch\nx = torch.tensor([1., 2., 3.], requires_grad=True)\n(x * x).sum().backward()\n")
    stored = events(tape, GradStored)[-1]
    assert tape.value(stored.val).tolist() == [2.0, 4.0, 6.0]


def test_bfloat16_is_kept_bit_by_bit(recorded):
    tape = recorded("import torch\nx = torch.tensor([1.5, 2.5], dtype=torch.bfloat16, requires_grad=True)\n(x * 3).sum().backward()\n")
    op = next(op for op in tape.ops.values() if op.name == "mul")
    assert tape.tensors[op.outs[0].tensor].meta.dtype == "bfloat16"
    assert tape.value(op.outs[0]).astype("float32").tolist() == [4.5, 7.5]


def test_hooks_of_every_kind_are_steps_in_pytorchs_order(recorded):
    tape = recorded("""
        import torch
        from torch import nn
        order = []
        x = torch.ones(3, requires_grad=True)
        y = x * 2
        y.register_hook(lambda g: order.append("tensor"))
        y.grad_fn.register_prehook(lambda g: order.append("pre"))
        y.grad_fn.register_hook(lambda i, o: order.append("post"))
        x.register_hook(lambda g: order.append("leaf") or g * 10)
        x.register_post_accumulate_grad_hook(lambda t: order.append("stored"))
        y.sum().backward()
        assert order == ["tensor", "pre", "post", "leaf", "stored"], order
        assert x.grad.tolist() == [20.0] * 3
    """)
    kinds = [tape.hooks[event.hook].kind for event in events(tape, HookCalled)]
    assert kinds == [HookKind.TENSOR, HookKind.NODE_PRE, HookKind.NODE_POST, HookKind.TENSOR, HookKind.POST_ACCUMULATE]


def test_a_hook_on_a_tensor_that_has_died_is_a_step_as_well(recorded):
    tape = recorded("""
        import torch
        x = torch.ones(3, requires_grad=True)
        def forward():
            y = x * 2
            y.register_hook(lambda g: g * 5)
            return y.sum()
        forward().backward()
        assert x.grad.tolist() == [10.0] * 3
    """)
    (called,) = events(tape, HookCalled)
    assert tape.nodes[called.node].name == "MulBackward0"


def test_hooks_of_modules_are_steps(recorded):
    tape = recorded("""
        import torch
        net = torch.nn.Linear(2, 2)
        net.register_full_backward_hook(lambda m, i, o: None)
        net.register_full_backward_pre_hook(lambda m, o: None)
        net(torch.ones(1, 2, requires_grad=True)).sum().backward()
    """)
    assert {tape.hooks[event.hook].kind for event in events(tape, HookCalled)} == {HookKind.MODULE, HookKind.MODULE_PRE}
    assert NodeKind.BOUNDARY in {node.kind for node in tape.nodes.values()}


def test_double_backward_says_which_node_made_which(recorded):
    tape = recorded("""
        import torch
        x = torch.tensor([2.0, 3.0], requires_grad=True)
        (g,) = torch.autograd.grad((x ** 3).sum(), x, create_graph=True)
        g.sum().backward()
        assert x.grad.tolist() == [12.0, 18.0]
    """)
    made = [node for node in tape.nodes.values() if node.made_by]
    assert made
    assert {tape.nodes[node.made_by].name for node in made} <= {"PowBackward0", "SumBackward0"}


def test_a_users_function_is_an_op_with_what_it_computes_inside(recorded):
    tape = recorded("""
        import torch
        class Double(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.save_for_backward(x)
                return x * 2
            @staticmethod
            def backward(ctx, g):
                return g * 2
        x = torch.ones(2, requires_grad=True)
        Double.apply(x).sum().backward()
    """)
    assert [op.name for op in tape.ops.values()] == ["mul", "Double", "sum", "mul"]
    node = next(node for node in tape.nodes.values() if node.kind is NodeKind.CUSTOM)
    assert [op.node for op in tape.ops.values()][-1] == node.id


def test_checkpoints_of_both_kinds_are_recorded(recorded):
    tape = recorded("""
        import torch
        from torch.utils.checkpoint import checkpoint
        x = torch.ones(3, requires_grad=True)
        for reentrant in (True, False):
            x.grad = None
            checkpoint(lambda t: (t * 2).sin(), x, use_reentrant=reentrant).sum().backward()
            assert torch.allclose(x.grad, 2 * torch.cos(2 * x))
    """)
    runs = list(tape.runs.values())
    assert [run.parent for run in runs] == [None, runs[0].id, None]
    inside = [op for op in tape.ops.values() if op.node]
    assert {op.name for op in inside} >= {"mul", "sin"}


def test_only_what_was_asked_for_runs(recorded):
    tape = recorded("""
        import torch
        a, b = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
        y = (a * b).sum()
        torch.autograd.grad(y, a, retain_graph=True)
        y.backward(inputs=[b])
        assert a.grad is None
    """)
    first, second = tape.runs.values()
    assert len(events(tape, GradStored)) == 1
    assert {tape.nodes[number].name for number in first.needed} == {"SumBackward0", "MulBackward0"}
    assert {tape.nodes[number].name for number in second.needed} == {"SumBackward0", "MulBackward0", "AccumulateGrad"}


def test_an_error_inside_a_node_ends_its_pass_on_the_tape(recorded):
    tape = recorded("""
        import torch
        x = torch.ones(2, requires_grad=True)
        y = x * 2
        y.register_hook(lambda g: 1 / 0)
        try:
            y.sum().backward()
        except ZeroDivisionError:
            pass
        (x * 3).sum().backward()
    """)
    ends = [event.error for event in events(tape, RunEnd)]
    assert ends == ["ZeroDivisionError: division by zero", ""]


def test_threads_are_recorded_each_on_its_own(recorded):
    tape = recorded("""
        import threading, torch
        w = torch.ones(2, requires_grad=True)
        all_there = threading.Barrier(3)  # the number of a thread that has ended is given again
        def work(i):
            all_there.wait()
            (w * i).sum().backward()
            all_there.wait()
        threads = [threading.Thread(target=work, args=(i,)) for i in range(3)]
        [t.start() for t in threads]
        [t.join() for t in threads]
    """)
    assert len({run.thread for run in tape.runs.values()}) == 3
    assert [op.name for op in tape.ops.values()].count("mul") == 3


def test_no_graph_lives_longer_because_it_is_recorded(recorded):
    recorded("""
        import torch, weakref
        class Kept(torch.Tensor):
            pass
        def one():
            x = torch.ones(1000, requires_grad=True)
            inner = (x * 2).sin()
            reference = weakref.ref(inner)
            inner.sum().backward()
            return reference
        references = [one() for _ in range(5)]
        assert all(reference() is None for reference in references)
    """)


def test_a_gradient_added_twice_is_conserved(recorded):
    tape = recorded("""
        import torch
        x = torch.randn(4, requires_grad=True)
        y = x.exp()
        (y * y + y.sin() + y).sum().backward()
        (x * x).sum().backward()
    """)
    assert len(events(tape, NodeEnter)) > 8
    assert [event.prev is None for event in events(tape, GradStored)] == [True, False]


def test_a_script_without_torch_runs_as_it_is(recorded):
    assert not recorded("print('no torch here')").ops


def test_recording_begins_after_as_many_passes_as_were_asked_for(recorded):
    tape = recorded(MLP, passes_before=1)
    assert [op.name for op in tape.ops.values()][-5:] == ["cross_entropy", "add_", "add_", "add_", "add_"]
    assert len(tape.runs) == 1
    assert "linear" in {op.name for op in tape.ops.values()}


def test_parameters_that_get_their_first_values_in_any_way_have_their_names(recorded):
    """PyTorch raises where it is asked who made a view that was made without grad: ``nn.Embedding`` makes one of the row of its padding."""
    tape = recorded("""
        import torch
        class Net(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.embedding = torch.nn.Embedding(5, 3, padding_idx=0)
                self.first, self.second, self.third = (torch.nn.Linear(3, 3) for _ in range(3))
                torch.nn.init.orthogonal_(self.first.weight)
                self.second.weight.data.normal_()
                with torch.no_grad():
                    row = self.third.weight[1]
                    row.fill_(2)
                    row.mul_(3)
                    self.third.bias[0] = 1
            def forward(self, x):
                return self.third(self.second(self.first(self.embedding(x))))
        net = Net()
        net.load_state_dict({name: value.clone() for name, value in net.state_dict().items()})
        net(torch.tensor([0, 1, 2])).sum().backward()
        assert net.third.weight[1].tolist() == [6, 6, 6] and net.embedding.weight[0].tolist() == [0, 0, 0]
    """)
    leaves = {node.variable for node in tape.nodes.values() if node.variable is not None}
    parts = [f"{part}.{kind}" for part in ("first", "second", "third") for kind in ("weight", "bias")]
    assert {tape.tensors[leaf].name for leaf in leaves} == {"embedding.weight", *parts}
    assert findings(tape) == []


def test_a_recorded_script_can_still_resize_storages(recorded) -> None:
    # after Tensor.numpy a storage cannot be resized, which FSDP does with every parameter
    tape = recorded(
        """
        import torch
        whole = torch.ones(8)
        twice = whole * 2
        twice.untyped_storage().resize_(0)
        assert twice.untyped_storage().nbytes() == 0
        """
    )
    tape.close()
