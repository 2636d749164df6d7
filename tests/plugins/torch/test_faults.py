"""Scripts on PyTorch that go wrong: what is said of them, what is still on the tape, and values of every kind."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gradstep.engine.debug.session import Session
from gradstep.engine.debug.states import State
from gradstep.engine.explain.diagnoses import findings
from gradstep.engine.explain.finding import Finding
from gradstep.engine.tape.check import check
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.schema import HookCalled, NodeEnter, RunEnd, Val

pytestmark = pytest.mark.timeout(300)
Recorded = Callable[..., Tape]


def said(tape: Tape) -> tuple[Finding, list[int]]:
    """The one thing that is found, and the lines that it names."""
    (finding,) = findings(tape)
    return finding, [place.frame.line for place in finding.places]


def hooks(tape: Tape) -> list[str]:
    return [tape.hooks[event.hook].function for event in tape.events if isinstance(event, HookCalled)]


def error(tape: Tape) -> str:
    return next(event.error for event in tape.events if isinstance(event, RunEnd) and event.error)


def test_a_second_backward_is_told_with_both_places_and_both_passes_are_there(recorded: Recorded) -> None:
    tape = recorded(
        """
        import torch
        w = torch.ones(3, requires_grad=True)
        loss = (w.exp() * w).sum()
        loss.backward()
        print("between")
        loss.backward()
        """,
        code=1,
    )
    finding, lines = said(tape)
    assert (finding.code, lines) == ("freed.same-loss", [4, 5, 7])
    assert len(tape.runs) == 2
    assert "second time" in error(tape)


def test_a_change_in_place_is_told_with_who_keeps_it_who_changed_it_and_who_needs_it(recorded: Recorded) -> None:
    tape = recorded(
        """
        import torch
        w = torch.ones(3, requires_grad=True)
        h = (w * 2).exp()
        y = h * w
        h.add_(1)
        y.sum().backward()
        """,
        code=1,
    )
    finding, lines = said(tape)
    assert (finding.code, lines) == ("inplace.saved-input", [5, 6, 7])
    assert "modified by an inplace operation" in error(tape)


@pytest.mark.parametrize(
    ("hook", "what"),
    [
        ("raise ValueError('no such gradient')", "ValueError: no such gradient"),
        ("return g[:2]", "hook 'mine' has changed the size of value"),
        ("return 3", "hook"),
    ],
    ids=["raises", "shape", "no tensor"],
)
def test_a_hook_that_fails_is_named_and_what_came_before_it_is_on_the_tape(recorded: Recorded, hook: str, what: str) -> None:
    tape = recorded(
        f"""
        import torch
        def first(g): return g * 1
        def mine(g): {hook}
        w = torch.ones(3, requires_grad=True)
        h = w * 2
        h.register_hook(first)
        h.register_hook(mine)
        (h * h).sum().backward()
        """,
        code=1,
    )
    assert what in error(tape)
    assert hooks(tape)[:2] == ["first", "mine"]
    assert [tape.nodes[event.node].name for event in tape.events if isinstance(event, NodeEnter)] == ["SumBackward0", "MulBackward0"]


def test_nan_from_a_hook_is_born_there(recorded: Recorded) -> None:
    tape = recorded("""
        import torch
        def poison(g): return g * float("nan")
        w = torch.ones(3, requires_grad=True)
        h = w * 2
        h.register_hook(poison)
        h.sum().backward()
    """)
    (finding,) = findings(tape)
    assert finding.code.startswith("nan.")
    assert "poison" in finding.text + finding.title


def test_passes_inside_of_passes_and_in_eight_threads_are_kept_apart(recorded: Recorded, session: Session) -> None:
    tape = recorded("""
        import threading
        import torch
        from torch.utils.checkpoint import checkpoint
        w = torch.ones(4, requires_grad=True)
        def layer(x): return (x * w).tanh() * 2
        for reentrant in (True, False):
            x = torch.ones(4, requires_grad=True)
            checkpoint(layer, x, use_reentrant=reentrant).sum().backward()
        grads = {}
        def work(i):
            v = torch.full((4,), float(i), requires_grad=True)
            for _ in range(3):
                (v * v).sum().backward()
            grads[i] = v.grad.sum().item()
        threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        print(sorted(grads.items()))
        a = torch.tensor([2.0], requires_grad=True)
        first, = torch.autograd.grad((a ** 3).sum(), a, create_graph=True)
        first.sum().backward()
        print(a.grad.item())
    """)
    inner = [run for run in tape.runs.values() if run.parent is not None]
    assert len(inner) == 1  # of the checkpoint that runs a pass of its own; the other computes again inside of a node
    assert len(tape.runs) == 3 + 8 * 3 + 2
    assert all(tape.runs[run.parent].thread == run.thread for run in inner if run.parent is not None)
    assert session.printed["stdout"].splitlines() == [str([(i, 24.0 * i) for i in range(8)]), "12.0"]
    again = [op for op in tape.ops.values() if op.node is not None and op.name == "tanh"]
    assert len(again) == 1  # the other one stops in its middle, as soon as it has what was asked for


KINDS = """
import torch
w = torch.tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True)
values = {
    "bf16": w.to(torch.bfloat16), "half": w.half(), "complex": torch.complex(w, -w), "fp8": w.to(torch.float8_e4m3fn),
    "fp8wide": w.to(torch.float8_e5m2), "empty": w[:0] * 1, "scalar": w.sum(), "denormal": w * 1e-42, "nan": w / 0 * 0, "inf": w / 0,
    "flags": w > 2, "whole": w.to(torch.int64), "conj": torch.complex(w, -w).conj() * 1, "flipped": w.flip(0).t(),
}
sparse = (torch.eye(4) * w).to_sparse()
csr = torch.eye(4).to_sparse_csr() @ w
quantised = torch.quantize_per_tensor(w.detach(), 0.5, 0, torch.qint8).dequantize() * w
nested = torch.nested.nested_tensor([torch.ones(2, 3), torch.ones(1, 3)], requires_grad=True) * 2
torch.nested.to_padded_tensor(nested, 0.0).sum().backward()
meta = torch.ones(3, device="meta", requires_grad=True) * 2
huge = torch.ones(1, requires_grad=True).mul(1).expand(2**31 + 5)
moved = w * 5
moved.data = torch.zeros(2)
(quantised + csr).sum().backward()
"""


def test_values_of_every_kind_are_kept_or_said_not_to_be(recorded: Recorded) -> None:
    tape = recorded(KINDS)
    made: dict[str, list[Val]] = {}
    for op in tape.ops.values():
        made.setdefault(op.name, []).extend(op.outs)

    def value(name: str, place: int = 0) -> Any:
        found = tape.value(made[name][place])
        return None if found is None else found.tolist()

    assert [tape.tensors[val.tensor].meta.dtype for val in made["to"]] == ["bfloat16", "float8_e4m3fn", "float8_e5m2", "int64"]
    assert [value("to", place) for place in range(4)] == [[1, 2, 3, 4]] * 4
    assert (value("half"), value("complex")) == ([1, 2, 3, 4], [1 - 1j, 2 - 2j, 3 - 3j, 4 - 4j])
    assert value("gt") == [False, False, True, True]
    assert value("to_sparse") == [[1, 0, 0, 0], [0, 2, 0, 0], [0, 0, 3, 0], [0, 0, 0, 4]]
    assert tape.value(made["sum"][0]) == 10
    stats = tape.stats[made["div"][-1]]
    assert (stats.posinfs, stats.nans, stats.count) == (4, 0, 4)
    large = next(val for val in made["expand"] if tape.tensors[val.tensor].meta.shape == (2**31 + 5,))
    assert tape.value(large) is None
    assert tape.verify() == ""
    assert check(tape) == []


def test_a_crash_inside_of_a_backward_names_its_node(start: Callable[..., Session]) -> None:
    session = start(
        """
        import ctypes
        import torch
        class Crash(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x * 2
            @staticmethod
            def backward(ctx, g):
                ctypes.string_at(0)
                return g
        w = torch.ones(3, requires_grad=True)
        Crash.apply(w.exp()).sum().backward()
        """,
        stop_on_entry=False,
    )
    outcome = session.wait_until_ended()
    assert (outcome.how, outcome.exit_code) == (State.CRASHED, 139)
    assert "SIGSEGV in CrashBackward" in outcome.reason
    tape = Tape.open(session.tape)
    entered = [tape.nodes[event.node].name for event in tape.events if isinstance(event, NodeEnter)]
    assert entered == ["SumBackward0", "CrashBackward"]


def test_what_a_script_does_to_its_process_does_not_end_its_recording(recorded: Recorded, session: Session) -> None:
    """Row 25 of the faults: descriptors closed, output elsewhere, a trace function, torch.autograd.backward replaced."""
    tape = recorded("""
        import os, sys
        import torch
        os.closerange(3, 1024)
        sys.settrace(lambda *_: None)
        sys.path[:] = []
        real, calls = torch.autograd.backward, []
        def mine(*args, **kwargs):
            calls.append(1)
            return real(*args, **kwargs)
        torch.autograd.backward = mine
        w = torch.ones(3, requires_grad=True)
        (w * w).sum().backward()
        print(w.grad.tolist())
    """)
    assert "[2.0, 2.0, 2.0]" in session.printed["stdout"]
    assert tape.ops


ENDS = {
    "in backward": "w = torch.ones(3, requires_grad=True)\ny = w.exp()\ny += 1\ny.sum().backward()",
    "in a function": "torch.nn.functional.linear(torch.ones(2, 3), torch.ones(4, 5))",
    "in a module": "torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.ReLU())(torch.ones(2, 4))",
    "in a hook": """
w = torch.ones(3, requires_grad=True)
def hook(grad):
    raise ValueError("no")
w.register_hook(hook)
(w * 2).sum().backward()
""",
    "in a Function": """
class Bad(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2
    @staticmethod
    def backward(ctx, g):
        return g @ g
Bad.apply(torch.ones(3, 2, requires_grad=True)).sum().backward()
""",
    "without a graph": "torch.autograd.grad(torch.ones(1), torch.ones(1, requires_grad=True))",
}


@pytest.mark.parametrize("where", ENDS)
def test_what_is_printed_of_an_exception_is_what_python_prints(
    start: Any, session: Session, tmp_path: Path, where: str, capsys: pytest.CaptureFixture[str]
) -> None:
    start(f"import torch\n{ENDS[where]}\n", stop_on_entry=False)
    outcome = session.wait_until_ended()
    script = str(tmp_path / "script.py")
    with pytest.raises(Exception) as alone:  # noqa: PT011 - any
        runpy.run_path(script, run_name="__main__")
    sys.__excepthook__(alone.type, alone.value, alone.tb)
    expected, printed = capsys.readouterr().err, session.printed["stderr"]
    assert printed[printed.index(f'  File "{script}"') :] == expected[expected.index(f'  File "{script}"') :]
    assert (outcome.exit_code, outcome.exception["file"]) == (1, script)  # and not PyTorch's


def test_a_parameter_whose_gradient_is_looked_for_in_vain_is_named(recorded: Recorded) -> None:
    tape = recorded(
        """
        import torch
        class Net(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.used, self.forgotten = torch.nn.Linear(3, 3), torch.nn.Linear(3, 3)
            def forward(self, x):
                return self.used(x)
        net = Net()
        net(torch.ones(2, 3)).sum().backward()
        print(sum(p.grad.norm() for p in net.parameters()))
        """,
        code=1,
    )
    finding, _ = said(tape)
    assert (finding.code, finding.details["parameters"]) == ("severed.never-used", ["forgotten.weight"])


def test_clearing_gradients_by_hand_before_the_first_pass_is_no_fault(recorded: Recorded) -> None:
    tape = recorded(
        """
        import torch
        net = torch.nn.Linear(3, 3)
        for step in range(2):
            for p in net.parameters():
                if p.grad is not None:
                    p.grad.zero_()
            net(torch.ones(2, 3)).sum().backward()
        """
    )
    assert findings(tape) == []
