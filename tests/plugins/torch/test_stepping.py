"""Stepping through the backward pass of a script on real PyTorch."""

from __future__ import annotations

import subprocess
import sys

from gradstep.engine.debug.states import State
from gradstep.engine.explain.diagnoses import findings
from gradstep.engine.tape.check import check
from gradstep.engine.tape.reader import Tape

from .test_recording import MLP


def test_it_stops_before_every_node_at_the_users_line(paused):
    session = paused(MLP)
    names = [session.stop.name]
    for _ in range(4):
        names.append(session.move("next").name)
    assert names == ["NllLossBackward0", "LogSoftmaxBackward0", "AddmmBackward0", "AccumulateGrad", "TBackward0"]
    assert session.stop.where["line"] == 11


def test_values_under_way_and_kept_can_be_looked_at(paused):
    session = paused("import torch\nx = torch.tensor([1., 2.], requires_grad=True)\n(x * x).sum().backward()\n")
    session.move("next")
    asked = session.ask("pending", node=session.stop.node).body
    (grad,) = asked["pending"]
    assert [saved["name"] for saved in asked["saved"]] == ["other", "self"]
    value = session.ask("value", tensor=grad["tensor"], version=grad["version"])
    assert value.body["slice_shape"] == [2]
    assert session.ask("statistics", expression="x").body["norm"] == 5**0.5
    assert session.ask("evaluate", expression="x.sum().item()").body["result"] == "3.0"


def test_an_edited_gradient_is_what_the_node_gets(paused):
    session = paused("import torch\nx = torch.tensor([1., 2.], requires_grad=True)\n(x * 3).sum().backward()\nprint(x.grad.tolist())\n")
    session.move("next")
    assert session.ask("edit", node=session.stop.node, index=0, expression="grad * 100").success
    session.send("continue")
    session.wait_until_ended()
    assert "[300.0, 300.0]" in session.printed["stdout"]


def test_an_edit_that_pytorch_would_refuse_is_refused_in_words(paused):
    session = paused("import torch\nx = torch.tensor([1., 2.], requires_grad=True)\n(x * 3).sum().backward()\n")
    session.move("next")
    answer = session.ask("edit", node=session.stop.node, index=0, expression="grad.double()")
    assert not answer.success
    assert "float32" in answer.message


def test_a_kept_tensor_can_be_edited(paused):
    session = paused("import torch\nx = torch.tensor([1., 2.], requires_grad=True)\n(x.exp()).sum().backward()\nprint(x.grad.tolist())\n")
    session.move("next")
    assert session.ask("edit", node=session.stop.node, saved="result", expression="saved * 0 + 7").success
    session.send("continue")
    session.wait_until_ended()
    assert "[7.0, 7.0]" in session.printed["stdout"]


def test_an_edit_comes_before_the_hooks_of_the_node(paused):
    session = paused("""
        import torch
        x = torch.tensor([1., 2.], requires_grad=True)
        y = x * 3
        y.register_hook(lambda g: g + 1)
        y.sum().backward()
        print(x.grad.tolist())
    """)
    session.move("next")
    assert session.ask("edit", node=session.stop.node, index=0, expression="grad * 10").success
    session.send("continue")
    session.wait_until_ended()
    assert "[33.0, 33.0]" in session.printed["stdout"]


def test_step_in_stops_at_a_hook(paused):
    session = paused("""
        import torch
        x = torch.ones(2, requires_grad=True)
        y = x * 3
        def mine(g): return g
        y.register_hook(mine)
        y.sum().backward()
    """)
    session.move("next")
    stop = session.move("stepIn")
    assert (stop.what, stop.met) == ("hook", "mine")


def test_a_hook_that_is_switched_off_is_not_called(paused):
    session = paused("""
        import torch
        x = torch.ones(2, requires_grad=True)
        y = x * 3
        def mine(g): return g * 100
        y.register_hook(mine)
        y.sum().backward()
        print(x.grad.tolist())
    """)
    session.ask("setHooks", off=["mine"])
    session.send("continue")
    session.wait_until_ended()
    assert "[3.0, 3.0]" in session.printed["stdout"]


def test_goto_runs_to_a_node(paused):
    session = paused(MLP)
    names = [session.stop.name]
    goal = session.stop.node
    while session.stop.name != "TBackward0":
        session.move("next")
    goal = session.stop.node
    session.send("continue")
    assert goal
    assert names
    assert session.wait_until_ended().exit_code == 0


def test_breakpoints_on_nodes_ops_modules_lines_hooks_and_values_are_met(start):
    session = start(
        """
        import torch
        net = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.ReLU())
        x = torch.ones(1, 2)
        out = net(x)
        def hook(g): return g
        out.register_hook(hook)
        loss = (out * float("inf")).sum()
        loss.backward()
        """,
        stop_on_entry=False,
        breakpoints=(
            {"id": 1, "kind": "node", "target": "relu"},
            {"id": 2, "kind": "module", "target": "0"},
            {"id": 3, "kind": "hook", "target": "hook"},
            {"id": 4, "kind": "node", "target": "AddmmBackward0"},
        ),
    )
    met = []
    while session.wait_for(lambda session: session.state in (State.PAUSED, State.FINISHED)).state is State.PAUSED:
        met.append((session.stop.breakpoint, session.stop.what))
        before = len(session.stops)
        session.send("continue")
        session.wait_for(lambda session, before=before: len(session.stops) > before or session.state is State.FINISHED)
    assert met == [(2, "module"), (1, "op"), (3, "hook"), (4, "node")]


def test_an_exception_in_a_node_names_it(start):
    session = start(
        """
        import torch
        class Bad(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x): return x * 2
            @staticmethod
            def backward(ctx, g): raise ValueError("no")
        Bad.apply(torch.ones(2, requires_grad=True)).sum().backward()
        """,
        stop_on_entry=False,
    )
    outcome = session.wait_until_ended()
    assert outcome.exception["type"] == "ValueError"
    assert outcome.exception["node_name"] == "BadBackward"


def test_the_program_can_be_paused_in_forward(start):
    session = start("import torch\nx = torch.ones(2)\nprint('up')\nwhile True: x = x * 1.0\n", stop_on_entry=False)
    session.wait_for(lambda session: session.printed)
    session.send("pause")
    session.wait_for(State.PAUSED)
    assert session.stop.reason == "pause"


TWICE = """
    import torch
    torch.manual_seed(0)
    x = torch.randn(4, 4, requires_grad=True)
    y = x.exp()
    y.retain_grad()
    z = (y * y).sin() + y
    z.register_hook(lambda g: g * 2)
    z.sum().backward()
    print(x.grad.double().sum().item(), y.grad.double().sum().item())
    try:
        z.sum().backward()
    except RuntimeError as error:
        print(str(error)[:44])
"""


def printed_by(session):
    session.wait_until_ended()
    return session.printed["stdout"]


def test_steps_back_and_forward_again_give_the_same_bits(start, paused, tmp_path):
    session = paused(TWICE)
    for _ in range(5):
        session.move("next")
    for _ in range(3):
        session.move("stepBack")
    assert session.stop.taken == 2
    session.move("next")
    session.move("reverseContinue")
    assert (session.stop.taken, session.stop.can_step_back) == (0, False)
    session.send("continue")
    undone = printed_by(session)
    assert check(Tape.open(session.tape)) == []
    plain = subprocess.run([sys.executable, str(tmp_path / "script.py")], capture_output=True, text=True, check=True).stdout
    assert undone == plain
    assert "Trying to backward through the graph a secon" in undone


def test_what_if_leaves_the_pass_as_it_was(paused):
    session = paused(TWICE)
    session.move("next")
    answer = session.ask("whatIf", edits=[{"node": session.stop.node, "index": 0, "expression": "grad * 0"}], stay="here")
    assert answer.success, answer.message
    assert answer.body["steps"] == [5, 5]
    session.wait_for(lambda session: session.state is State.PAUSED)
    session.send("continue")
    assert "0.0 0.0" not in printed_by(session)
    assert check(Tape.open(session.tape)) == []


def test_a_pass_that_was_not_stepped_from_its_beginning_says_why_it_cannot_go_back(start):
    session = start(
        """
        import time, torch
        class Slow(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x): return x * 2
            @staticmethod
            def backward(ctx, g):
                print("in backward")
                while not asked: asked.append(time.sleep(0.3))
                return g * 2
        asked = []
        Slow.apply(torch.ones(2, requires_grad=True) * 3).sum().backward()
        """,
        stop_on_entry=False,
    )
    session.wait_for(lambda session: session.printed)
    session.send("pause")
    session.wait_for(State.PAUSED)
    while not session.stop.between_nodes:
        session.move("next")
    answer = session.ask("stepBack")
    assert not answer.success
    assert "not kept" in answer.message


def test_asked_for_gradients_come_back_from_a_pass_that_was_taken_back(paused):
    session = paused("""
        import torch
        x = torch.tensor([1., 2.], requires_grad=True)
        y = x * x
        print(torch.autograd.grad((y * 3).sum(), [x, y])[0].tolist())
    """)
    session.move("next")
    session.move("next")
    session.move("stepBack")
    session.send("continue")
    assert "[6.0, 12.0]" in printed_by(session)


def test_steps_that_hold_too_much_are_forgotten_and_it_is_said(paused):
    # not y.sin() + y on random numbers: that draws all of them to pi, where its derivative is 0; of one draw in forty nothing is left
    session = paused("""
        import torch
        x = torch.ones(1000, requires_grad=True)
        y = x
        for _ in range(12):
            y = y * 0.5 + y.sin()
        y.sum().backward()
        print(x.grad.double().sum().item())
    """)
    bound = "setattr(__import__('sys').modules['gradstep.plugins.torch.passes'].TorchPass, 'undo_bytes', 40_000)"
    assert session.ask("evaluate", expression=bound).success
    for _ in range(20):
        session.move("next")
    assert 0 < session.stop.undoable < 20
    stop = session.move("reverseContinue")
    assert (stop.undoable, stop.taken > 0) == (0, True)
    answer = session.ask("stepBack")
    assert not answer.success
    assert "were forgotten" in answer.message
    session.send("continue")
    stepped = printed_by(session)
    assert float(stepped) != 0.0


def test_what_is_left_after_forgetting_gives_the_same_bits(session, start, paused):
    program = """
        import torch
        torch.manual_seed(0)
        x = torch.randn(1000, requires_grad=True)
        y = x
        for _ in range(12):
            y = y.sin() * y + y
        y.sum().backward()
        print([number.hex() for number in x.grad.double().tolist()[:50]])
    """
    ended = start(program, stop_on_entry=False).wait_until_ended()
    alone = session.printed["stdout"]
    assert ended.exit_code == 0
    session = paused(program)
    bound = "setattr(__import__('sys').modules['gradstep.plugins.torch.passes'].TorchPass, 'undo_bytes', 60_000)"
    session.ask("evaluate", expression=bound)
    for _ in range(25):
        session.move("next")
    session.move("reverseContinue")
    session.send("continue")
    assert printed_by(session) == alone


ORDER = """
import torch
class Many(torch.autograd.Function):
    @staticmethod
    def forward(ctx, *leaves):
        return sum(leaves)
    @staticmethod
    def backward(ctx, g):
        return tuple(g * place for place in range(9))
for size in (9, 9):
    leaves = [torch.ones(2, requires_grad=True) for _ in range(9)]
    order = []
    for place, leaf in enumerate(leaves):
        leaf.register_post_accumulate_grad_hook(lambda _, place=place: order.append(place))
    (Many.apply(*leaves) * leaves[3] + leaves[5].exp()).sum().backward()
    print(order[-9:])
"""


def test_after_a_step_back_the_rest_runs_in_pytorchs_own_order(paused, tmp_path):
    session = paused(ORDER)
    alone = subprocess.run([sys.executable, str(tmp_path / "script.py")], capture_output=True, text=True, check=True).stdout
    assert alone.splitlines()[0] != str(list(range(9)))  # it is not the order in which the leaves were given
    for _ in range(7):
        session.move("next")
    for _ in range(5):
        session.move("stepBack")
    session.send("continue")
    assert printed_by(session) == alone


def test_what_is_ready_is_told_in_the_order_in_which_it_runs(paused):
    session = paused(ORDER)
    ran = [session.stop.node]
    for _ in range(11):
        ran.append(session.move("next").node)
    for _ in range(11):
        session.move("stepBack")
    assert [session.stop.node, *(session.move("next").node for _ in range(11))] == ran


REGISTER = {
    "y.register_hook(lambda g: {})": ("g.sum(0)", "1.0", "g.double()", "[g]"),
    "y.grad_fn.register_prehook(lambda g: {})": ("(g[0].sum(0),)", "1.0", "(g[0].double(),)", "(g[0], g[0])", "g[0]"),
    "y.grad_fn.register_hook(lambda g, _: {})": ("(g[0].sum(0),)", "1.0", "(g[0].double(),)", "(g[0], g[0])", "g[0]"),
}
CHANGES = [f"lambda y: {register.format(result)}" for register, results in REGISTER.items() for result in results]
REFUSED = f"""
import torch
w = torch.ones(2, 3, requires_grad=True)
for change in ({",".join(CHANGES)},):
    y = (w * 2).exp()
    change(y)
    try:
        (y * 3).sum().backward()
    except (TypeError, RuntimeError) as error:
        print(type(error).__name__, error)
"""


def test_after_a_step_back_hooks_are_refused_in_pytorchs_words(paused, tmp_path):
    session = paused(REFUSED, breakpoints=({"id": 1, "kind": "node", "target": "SumBackward0"},))
    alone = subprocess.run([sys.executable, str(tmp_path / "script.py")], capture_output=True, text=True, check=True).stdout
    assert alone.count("hook") >= len(CHANGES)
    for number in range(len(CHANGES)):
        assert session.stop.name == "SumBackward0"
        session.move("next")
        session.move("stepBack")
        if number + 1 < len(CHANGES):
            session.move("continue")
    session.send("continue")
    assert printed_by(session) == alone


def test_a_second_backward_is_explained_alike_where_steps_of_the_first_were_taken_back(paused):
    session = paused(
        """
        import torch
        cell = torch.nn.GRUCell(2, 3)
        h = torch.zeros(1, 3)
        for step in range(2):
            h = cell(torch.ones(1, 2), h)
            h.square().sum().backward()
        """
    )
    for _ in range(3):
        session.move("next")
    session.move("stepBack")
    session.send("continue")
    assert session.wait_until_ended().exit_code == 1
    tape = Tape.open(session.tape)
    assert check(tape) == []
    (finding,) = findings(tape)
    assert finding.code == "freed.carried-state"
    assert "`h`" in finding.text
