"""Recording begins when it was asked to: after some passes, at the first value that is not finite, from the session; until then nothing
of the script is on the tape, and the script notices nothing."""

from __future__ import annotations

import json

from gradstep.engine.debug.states import State
from gradstep.engine.tape.check import check
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.schema import NodeExit

BROKEN = """
    import torch
    torch.manual_seed(0)
    w = torch.ones(3, requires_grad=True)
    called = []
    for step in range(6):
        w.grad = None
        x = torch.ones(3) if step < 4 else torch.zeros(3)
        inside = (w * x).sqrt()
        inside.retain_grad()
        inside.register_hook(lambda g: called.append(step))
        inside.sum().backward()
        kept = inside.grad.clone()
        assert kept.tolist() == [1.0] * 3
    assert called == [0, 1, 2, 3, 4, 5], called
    print(w.grad.tolist())
"""


def armed(tape):
    return [json.loads(note.text) for note in tape.notes if note.kind == "armed"]


def test_the_pass_in_which_a_gradient_breaks_is_on_the_tape_though_nothing_was_recorded_before(recorded):
    tape = recorded(BROKEN, arm="nan")
    (note,) = armed(tape)
    assert note["reason"] == "nan"
    first, second = tape.runs.values()
    assert (first.accumulate, second.accumulate) == (False, True)
    broken = {tape.nodes[event.node].name for event in tape.events if isinstance(event, NodeExit) and event.run == first.id}
    assert broken == {"SumBackward0", "SqrtBackward0", "MulBackward0"}
    saved = next(node for node in tape.nodes.values() if node.name == "SqrtBackward0").saved
    assert tape.value(saved[0].val).tolist() == [0.0] * 3
    assert [op.name for op in tape.ops.values()][2:4] == ["mul", "sqrt"]


def test_a_loss_that_is_not_finite_is_recorded_from_its_own_backward_on(recorded):
    tape = recorded(
        """
        import torch
        w = torch.ones(2, requires_grad=True)
        for step in range(3):
            (w * (float("inf") if step == 1 else 1.0)).sum().backward()
        """,
        arm="nan",
    )
    (note,) = armed(tape)
    assert "begins with" in note["text"]
    assert len(tape.runs) == 2
    assert [op.name for op in tape.ops.values()] == ["mul", "sum"]


def test_a_script_in_which_all_is_finite_leaves_nothing_and_its_graphs_are_let_go_of(recorded):
    tape = recorded(
        """
        import torch
        x = torch.randn(4, requires_grad=True)
        y = x.exp()
        y.sum().backward()
        try:
            y.sum().backward()
        except RuntimeError as error:
            assert "a second time" in str(error)
        else:
            raise AssertionError("it went twice")
        z = (x * x).sum()
        z.backward(retain_graph=True)
        z.backward()
        (g,) = torch.autograd.grad((x ** 3).sum(), x, create_graph=True)
        g.sum().backward()
        """,
        arm="nan",
    )
    assert not tape.runs
    assert not tape.ops


def test_recording_can_be_asked_for_while_the_program_runs_and_switched_off_again(start):
    session = start(
        """
        import torch, time
        w = torch.ones(2, requires_grad=True)
        print("up", flush=True)
        while w.grad is None or w.grad[0] < 1e6:
            (w * 2).sum().backward()
            time.sleep(0.002)
        """,
        stop_on_entry=False,
        arm="later",
    )
    session.wait_for(lambda session: session.printed)
    assert session.ask("record", on=True).success
    session.wait_for(lambda session: len(Tape.open(session.tape).runs) > 2)
    assert session.ask("record", on=False).success
    session.wait_for(lambda session: any(note["reason"] == "paused" for note in armed(Tape.open(session.tape))))
    session.close()
    tape = Tape.open(session.tape)
    assert check(tape) == []
    assert [note["reason"] for note in armed(tape)] == ["asked", "paused"]


def test_gradsteps_own_engine_says_that_it_always_records(session, tmp_path):
    from gradstep.engine.debug.launch import Launch, RunFolder

    script = tmp_path / "script.py"
    script.write_text("import torch\n(torch.ones(2, requires_grad=True) * 2).sum().backward()\n")
    session.launch(Launch(str(script)), RunFolder.make(tmp_path))
    session.wait_for(State.PAUSED)
    answer = session.ask("record", on=False)
    assert not answer.success
    assert "always records" in answer.message
