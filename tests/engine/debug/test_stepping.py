"""A paused program is stepped, asked, edited and left, node by node, forwards and back."""

import os

import numpy as np
import pytest

from gradstep.engine.debug.core import NotAllowed
from gradstep.engine.debug.states import State
from gradstep.engine.tape import check, schema
from gradstep.engine.tape.overview import NAN
from gradstep.engine.tape.reader import Tape

BACKWARD = """
import torch
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
w = torch.tensor([4.0, 5.0, 6.0], requires_grad=True)
y = x * w + x
z = y * y
z.backward(torch.ones(3))
print(x.grad.tolist(), w.grad.tolist())
"""
RESULT = "[50.0, 144.0, 294.0] [10.0, 48.0, 126.0]\n"
FUNCTION = """
import ctypes, os, sys
import torch
from gradstep.engine.autograd.function import Function
class Mine(Function):
    @staticmethod
    def forward(ctx, a):
        return a * 2
    @staticmethod
    def backward(ctx, g):
        {body}
        return g * 2
x = torch.tensor([1.0, 2.0], requires_grad=True)
(Mine.apply(x) * x).backward(torch.ones(2))
"""


@pytest.fixture
def paused(start):
    """A program that stands before the first node of its backward pass."""
    return start(BACKWARD).wait_for(State.PAUSED)


def events(session):
    tape = Tape.open(session.tape)
    found = list(tape.events)
    tape.close()
    return found


def test_it_stops_before_the_first_node_and_runs_one_node_a_step(paused):
    assert paused.stop.reason == "entry"
    assert paused.stop.name == "MulBackward0"
    assert paused.stop.where["line"] == 7
    names = [paused.move("next").name for _ in range(4)]
    assert names == ["AddBackward0", "MulBackward0", "AccumulateGrad", "AccumulateGrad"]
    paused.send("continue")
    assert paused.wait_until_ended().how is State.FINISHED
    assert paused.printed["stdout"] == RESULT


def test_what_is_on_the_tape_when_it_stops_can_be_read_at_once(paused):
    for _ in range(3):
        stop = paused.move("next")
        assert len(events(paused)) == stop.position + 1


def test_stepping_back_and_forward_again_gives_the_same_gradients(paused):
    before = paused.stop.node
    for _ in range(4):
        paused.move("next")
    assert paused.ask("evaluate", expression="x.grad is None or w.grad is None").body["result"] == "True"
    for _ in range(4):
        stop = paused.move("stepBack")
    assert (stop.node, stop.taken, stop.can_step_back) == (before, 0, False)
    refused = paused.ask("stepBack")
    assert not refused.success
    assert "this is its first node" in refused.message
    paused.send("continue")
    paused.wait_until_ended()
    assert paused.printed["stdout"] == RESULT
    assert sum(isinstance(event, schema.Rewound) for event in events(paused)) == 4
    with_faults = check.check(Tape.open(paused.tape))
    assert with_faults == []


def test_reverse_continue_goes_back_to_the_first_node(paused):
    first = paused.stop.node
    for _ in range(3):
        paused.move("next")
    assert paused.move("reverseContinue").node == first


def test_goto_runs_to_a_node_and_refuses_one_that_has_run(paused):
    first = paused.stop.node
    leaf = next(event.node for event in [paused.move("next"), paused.move("next"), paused.move("next")] if event.name == "AccumulateGrad")
    paused.move("reverseContinue")
    stop = paused.move("goto", node=leaf)
    assert (stop.reason, stop.node) == ("goto", leaf)
    assert stop.can_step_back
    assert "has run already" in paused.ask("goto", node=first).message
    assert "does not run in this backward pass" in paused.ask("goto", node=10_000).message


def test_next_after_the_last_node_stops_in_the_next_backward(start):
    session = start(BACKWARD + "z = x * x\nz.backward(torch.ones(3))\n").wait_for(State.PAUSED)
    runs = [session.stop.run]
    while (stop := session.move("next")).run == runs[0]:
        pass
    assert stop.taken == 0
    assert stop.where["line"] == 10


def test_continue_runs_to_the_end_however_many_passes_there_are(start):
    session = start(BACKWARD + "for _ in range(5): (x * x).backward(torch.ones(3))\n").wait_for(State.PAUSED)
    session.send("continue")
    assert session.wait_until_ended().how is State.FINISHED
    assert len(session.stops) == 1


def test_without_stop_on_entry_nothing_stops(start):
    session = start(BACKWARD, stop_on_entry=False)
    assert session.wait_until_ended().how is State.FINISHED
    assert session.stops == []
    assert session.printed["stdout"] == RESULT


def test_a_backward_inside_a_hook_is_stepped_over_by_next_and_entered_by_step_in(start):
    text = """
        import torch
        x = torch.tensor([1.0], requires_grad=True)
        def hook(grad):
            inner = torch.tensor([2.0], requires_grad=True)
            with torch.enable_grad():
                (inner * inner).backward(torch.ones(1))
        y = x * x
        z = y * y
        y.register_hook(hook)
        z.backward(torch.ones(1))
        """
    session = start(text).wait_for(State.PAUSED)
    depths = []
    while session.state is State.PAUSED:
        depths.append((session.stop.depth, session.stop.name))
        try:
            session.move("next")
        except RuntimeError:
            break
    assert {depth for depth, _ in depths} == {1}
    assert session.wait_until_ended().how is State.FINISHED
    session = start(text).wait_for(State.PAUSED)
    ways = [session.move("stepIn") for _ in range(4)]
    assert [(stop.what, stop.met or stop.name) for stop in ways[:3]] == [("", "MulBackward0"), ("hook", "hook"), ("op", "mul")]
    assert ways[3].depth == 2
    assert session.move("stepOut").depth == 1


# ------------------------------------------------------------------------------------------------------------- pausing


def test_a_busy_loop_of_plain_python_pauses_at_its_line_and_answers(start):
    session = start("count = 0\nprint('up')\nwhile True:\n    count += 1\n")
    session.wait_for(lambda session: session.printed)
    session.send("pause")
    session.wait_for(State.PAUSED)
    assert (session.stop.reason, session.stop.phase) == ("pause", "forward")
    assert session.stop.where["line"] in (3, 4)
    count = int(session.ask("evaluate", expression="count").body["result"])
    assert count == int(session.ask("evaluate", expression="count").body["result"])
    assert "next to get there" in session.ask("stepBack").message
    session.send("continue")
    session.wait_for(State.RUNNING_FORWARD)


def test_a_long_sleep_pauses_too(start):
    session = start("import time\nprint('up')\ntime.sleep(1000)\n")
    session.wait_for(lambda session: session.printed)
    session.send("pause")
    session.wait_for(State.PAUSED)
    assert session.stop.where["line"] == 3


def test_a_pause_asked_for_in_forward_comes_at_an_op_of_another_thread(start):
    session = start(
        """
        import signal, threading, torch
        x = torch.tensor([1.0], requires_grad=True)
        def work():
            while True:
                y = x * x
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())  # the main thread hears nothing
        print("up")
        thread.join()
        """
    )
    session.wait_for(lambda session: session.printed)
    session.send("pause")
    session.wait_for(State.PAUSED)
    assert session.stop.where["function"] == "work"


def test_a_pause_in_backward_stops_before_a_node_and_next_goes_on_from_there(start):
    session = start(
        """
        import torch
        x = torch.tensor([1.0], requires_grad=True)
        print("up")
        while True:
            y = x
            for _ in range(50):
                y = y * x
            y.backward(torch.ones(1))
            x.grad = None
        """,
        stop_on_entry=False,
    )
    session.wait_for(lambda session: session.printed)
    session.send("pause")
    session.wait_for(State.PAUSED)
    stop = session.move("next")
    while not stop.between_nodes:  # it was in forward: op by op into the pass
        assert stop.what == "op"
        stop = session.move("next")
    assert session.move("next").taken == stop.taken + 1
    assert session.move("stepBack").taken == stop.taken


def test_where_is_answered_while_the_program_runs(start):
    session = start("def deep():\n    print('up')\n    while True: pass\ndeep()\n")
    session.wait_for(lambda session: session.printed)
    (thread,) = [one for one in session.ask("where").body["threads"] if one["main"]]
    assert [(frame["function"], frame["line"]) for frame in thread["frames"]] == [("deep", 3), ("<module>", 4)]


def test_questions_need_a_pause(start):
    session = start("print('up')\nwhile True: pass")
    session.wait_for(lambda session: session.printed)
    with pytest.raises(NotAllowed):
        session.ask("evaluate", expression="1")


# ------------------------------------------------------------------------------------------------------------ questions


def test_slices_of_values_come_as_raw_numbers(paused):
    answer = paused.ask("value", expression="w", index=[[1, None]])
    assert (answer.body["dtype"], answer.body["shape"], answer.body["slice_shape"]) == ("float32", [3], [2])
    assert np.frombuffer(answer.raw, "<f4").tolist() == [5.0, 6.0]


@pytest.mark.parametrize(
    ("index", "expected"),
    [([], np.arange(24.0).reshape(2, 3, 4)), ([1], None), ([1, 2, 3], None), ([None, [0, 3, 2]], None), ([[0, 0]], None)],
)
def test_any_basic_index_works_as_in_numpy(start, index, expected):
    session = start("import torch, numpy\nn = numpy.arange(24.0).reshape(2, 3, 4)\nt = torch.from_numpy(n)\n" + BACKWARD).wait_for(
        State.PAUSED
    )
    whole = np.arange(24.0).reshape(2, 3, 4)
    wanted = whole[tuple(slice(None) if one is None else slice(*one) if isinstance(one, list) else one for one in index)]
    answer = session.ask("value", expression="t", index=index)
    assert answer.body["slice_shape"] == list(wanted.shape)
    assert np.frombuffer(answer.raw, "<f8").reshape(wanted.shape).tolist() == wanted.tolist()


@pytest.mark.parametrize("index", [[9], [0, 0], ["x"], [[1]], "1", [True]])
def test_a_wrong_index_is_refused_in_words(paused, index):
    assert not paused.ask("value", expression="w", index=index).success
    assert paused.state is State.PAUSED


def test_too_large_a_slice_is_refused(start):
    session = start("import torch\nbig = torch.zeros(1000, 1000)\n" + BACKWARD).wait_for(State.PAUSED)
    assert "too much at once" in session.ask("value", expression="big").message
    assert len(session.ask("value", expression="big", index=[[0, 100]]).raw) == 400_000


def test_values_of_the_tape_are_found_alive(paused):
    body = paused.ask("pending", node=paused.stop.node).body
    (waiting,) = body["pending"]
    seed = paused.ask("value", tensor=waiting["tensor"], version=waiting["version"])
    assert np.frombuffer(seed.raw, "<f4").tolist() == [1.0, 1.0, 1.0]
    kept = body["saved"][0]["value"]
    assert paused.ask("statistics", tensor=kept["tensor"], version=kept["version"]).body["count"] == 3
    assert "not alive" in paused.ask("value", tensor=99_999, version=0).message


def test_statistics_and_histogram_count_what_is_not_finite(start):
    session = start("import torch\nt = torch.tensor([0.0, 1.0, 4.0, float('nan'), float('inf')])\n" + BACKWARD).wait_for(State.PAUSED)
    body = session.ask("statistics", expression="t").body
    assert (body["count"], body["nans"], body["posinfs"], body["zeros"], body["low"], body["high"]) == (5, 1, 1, 1, 0.0, 4.0)
    answer = session.ask("histogram", expression="t", bins=4)
    assert np.frombuffer(answer.raw, "<i8").tolist() == [1, 1, 0, 1]
    assert answer.body["not_finite"] == 2


def test_a_region_of_a_plane_comes_smaller_with_its_nan(start):
    filled = "import torch\nt = torch.arange(2 * 30 * 40.0).reshape(2, 30, 40)\nt[1, 17, 33] = float('nan')\n"
    session = start(filled + BACKWARD).wait_for(State.PAUSED)
    whole = np.arange(2 * 30 * 40.0, dtype=np.float32).reshape(2, 30, 40)
    asked = {"rows": 1, "columns": 2, "at": [1, 0, 0], "region": [10, 30, 0, 40], "down": 5, "across": 8}
    answer = session.ask("reduce", expression="t", **asked)
    assert answer.body["blocks"] == [4, 5]
    mean, peak = np.frombuffer(answer.raw[:160], "<f4").reshape(2, 4, 5)
    flags = np.frombuffer(answer.raw[160:], np.uint8).reshape(4, 5)
    assert mean[0, 0] == pytest.approx(whole[1, 10:15, :8].mean())
    assert peak[3, 4] == whole[1, 29, 39]
    assert np.argwhere(flags & NAN).tolist() == [[1, 4]]
    turned = session.ask("reduce", expression="t", **(asked | {"rows": 2, "columns": 1, "region": [0, 40, 10, 30], "down": 8, "across": 5}))
    assert np.frombuffer(turned.raw[:80], "<f4").reshape(5, 4)[0, 0] == pytest.approx(whole[1, 10:15, :8].mean())
    assert "no region" in session.ask("reduce", expression="t", **(asked | {"rows": 7})).message
    assert "too much" in session.ask("reduce", expression="t", **(asked | {"region": [0, 9_999_999, 0, 40]})).message


def test_figures_of_a_part_are_exact(start):
    session = start("import torch\nt = torch.tensor([[0.0, -1.0, 4.0], [float('nan'), float('inf'), 2.0]])\n" + BACKWARD)
    session.wait_for(State.PAUSED)
    found = session.ask("figures", expression="t", index=[[0, 2]], low=-0.5, high=3).body["figures"]
    assert (found["count"], found["finite"], found["zeros"], found["negatives"]) == (6, 4, 1, 1)
    assert (found["nans"], found["posinfs"], found["low"], found["high"], found["total"]) == (1, 1, -1.0, 4.0, 5.0)
    assert (found["below"], found["above"]) == (1, 1)
    assert session.ask("figures", expression="t", index=[1]).body["figures"]["count"] == 3


def test_what_is_looked_for_is_found_where_the_value_is(start):
    session = start("import torch\nt = torch.tensor([[0.0, -1.0, 4.0], [float('nan'), float('inf'), 2.0]])\n" + BACKWARD)
    session.wait_for(State.PAUSED)
    answer = session.ask("value", expression="t", find="> 1")
    assert (answer.body["dtype"], answer.body["slice_shape"]) == ("bool", [2, 3])
    assert np.frombuffer(answer.raw, np.bool_).tolist() == [False, False, True, False, True, True]
    assert session.ask("figures", expression="t", index=[1], find="not finite").body["hits"] == 2
    assert session.ask("figures", expression="t", ends="").body["ends"] == [-1.0, 4.0]
    assert session.ask("figures", expression="t", find="max", extreme=4.0).body["hits"] == 1
    asked = {"rows": 0, "columns": 1, "at": [0, 0], "region": [0, 2, 0, 3], "down": 2, "across": 1}
    reduced = session.ask("reduce", expression="t", find="nan", **asked)
    assert np.frombuffer(reduced.raw[12:24], "<f4").tolist() == [1.0, 0.0, 0.0]
    for kind in ("value", "figures"):
        assert "0..1" in session.ask(kind, expression="t", find="1..0").message


def test_grads_shows_the_leaves_as_they_fill(paused):
    assert [leaf["grad"] for leaf in paused.ask("grads").body["leaves"]] == [None, None]
    for _ in range(4):
        paused.move("next")
    grads = [leaf["grad"] for leaf in paused.ask("grads").body["leaves"]]
    assert sum(grad is None for grad in grads) == 1


def test_an_expression_sees_the_users_frame_and_leaves_no_trace(start):
    session = start(
        """
        import torch
        def train(rate):
            x = torch.tensor([2.0], requires_grad=True)
            (x * x).backward(torch.ones(1))
        train(0.5)
        """
    ).wait_for(State.PAUSED)
    position = session.stop.position
    assert session.ask("evaluate", expression="rate * 2").body["result"] == "1.0"
    assert session.ask("evaluate", expression="[rate for _ in range(2)]").body["result"] == "[0.5, 0.5]"
    body = session.ask("evaluate", expression="x * x").body
    assert body["value"]["shape"] == [1]
    assert session.ask("evaluate", expression="(x * x).requires_grad").body["result"] == "False"
    assert session.ask("evaluate", expression="train.__name__", frame=1).body["result"] == "'train'"
    assert session.move("next").position > position
    tape = Tape.open(session.tape)
    assert len([op for op in tape.ops.values() if op.node is None]) == 1
    tape.close()


@pytest.mark.parametrize(
    ("expression", "message"),
    [("1 +", "SyntaxError"), ("nothing", "NameError"), ("1 / 0", "ZeroDivisionError"), ("exit()", "SystemExit"), ("", "SyntaxError")],
)
def test_an_expression_that_raises_is_an_answer(paused, expression, message):
    answer = paused.ask("evaluate", expression=expression)
    assert not answer.success
    assert message in answer.message
    assert paused.state is State.PAUSED


@pytest.mark.parametrize("expression", ["[one for one in iter(int, 1)]", "__import__('time').sleep(1000)", "slow"])
def test_an_expression_that_never_ends_is_answered_in_time_and_the_program_can_go_on(start, expression):
    session = start("class Slow:\n    def __repr__(self):\n        while True: pass\nslow = Slow()\n" + BACKWARD).wait_for(State.PAUSED)
    assert session.ask("evaluate", expression=expression).message == "no answer within 2 s"
    session.send("continue")
    assert session.wait_until_ended().how is State.FINISHED


def test_an_edited_gradient_flows_on_and_is_on_the_tape(paused):
    answer = paused.ask("edit", node=paused.stop.node, index=0, expression="grad * 0")
    assert answer.success, answer.message
    paused.send("continue")
    paused.wait_until_ended()
    assert paused.printed["stdout"] == "[0.0, 0.0, 0.0] [0.0, 0.0, 0.0]\n"
    assert any(isinstance(event, schema.Edited) for event in events(paused))


@pytest.mark.parametrize("expression", ["3", "torch.ones(2)", "w.to(torch.float64)"])
def test_an_edit_that_does_not_fit_is_refused(paused, expression):
    assert not paused.ask("edit", node=paused.stop.node, index=0, expression=expression).success
    paused.send("continue")
    paused.wait_until_ended()
    assert paused.printed["stdout"] == RESULT


# ----------------------------------------------------------------------------------------------------- ends in backward


def test_a_crash_inside_a_node_names_it_and_keeps_everything_before_it(start):
    session = start(FUNCTION.format(body="ctypes.string_at(0)"), stop_on_entry=False)
    outcome = session.wait_until_ended()
    assert (outcome.how, outcome.signal) == (State.CRASHED, "SIGSEGV")
    assert outcome.node_name == "MineBackward"
    assert f"node #{outcome.node}" in outcome.reason
    entered = [event for event in events(session) if isinstance(event, schema.NodeEnter)]
    assert entered[-1].node == outcome.node
    tape = Tape.open(session.tape)
    assert len(tape.ops) >= 2
    tape.close()


def test_os_exit_inside_a_node_names_it(start):
    outcome = start(FUNCTION.format(body="os._exit(3)"), stop_on_entry=False).wait_until_ended()
    assert (outcome.how, outcome.exit_code, outcome.node_name) == (State.FINISHED, 3, "MineBackward")


def test_an_exception_inside_a_node_names_it_and_shows_the_users_lines(start):
    session = start(FUNCTION.format(body="raise ValueError('bad')"), stop_on_entry=False)
    outcome = session.wait_until_ended()
    assert outcome.how is State.RAISED
    assert outcome.exception["node_name"] == "MineBackward"
    assert outcome.exception["line"] == 11
    lines = [line for line in session.printed["stderr"].splitlines() if line.startswith("  File")]
    assert [line.split(", ")[1] for line in lines] == ["line 14", "line 11"]
    ends = [event for event in events(session) if isinstance(event, schema.RunEnd)]
    assert ends[-1].error == "ValueError: bad"


def test_an_error_of_a_rule_names_the_node_also_between_stops(start):
    session = start(
        """
        import torch
        x = torch.ones(3, requires_grad=True)
        y = x.exp()
        z = (y * y).sum()
        y.add_(1)
        z.backward()
        """,
        stop_on_entry=False,
    )
    outcome = session.wait_until_ended()
    assert outcome.how is State.RAISED
    assert outcome.exception["node_name"] == "MulBackward0"
    (end,) = [event for event in events(session) if isinstance(event, schema.RunEnd)]
    assert "modified by an inplace operation" in end.error


def test_a_pause_is_obeyed_in_a_pass_of_the_engines_own_rules(start):
    session = start(
        """
        import torch
        x = torch.ones(3, requires_grad=True)
        y = x
        for _ in range(200):
            y = y * x
        print("up")
        while True:
            y.sum().backward(retain_graph=True)
        """,
        stop_on_entry=False,
    )
    session.wait_for(lambda session: session.printed)
    session.send("pause")
    session.wait_for(State.PAUSED)
    stop = session.stop
    assert stop.reason == "pause"
    while not stop.between_nodes:  # it may have stood between two lines
        stop = session.move("next")
    after = session.move("next")
    assert (after.run, after.taken) == (stop.run, stop.taken + 1)
    ran = [event.node for event in events(session) if isinstance(event, schema.NodeEnter) and event.run == stop.run]
    assert (len(ran), ran[-1]) == (after.taken, stop.node)


def test_stopping_a_paused_program_unwinds_it_like_an_interrupt(start):
    session = start("try:\n" + "\n".join("    " + line for line in BACKWARD.splitlines()) + "\nfinally:\n    print('tidied')\n")
    session.wait_for(State.PAUSED)
    session.send("terminate")
    outcome = session.wait_until_ended()
    assert outcome.how is State.STOPPED
    assert session.printed["stdout"] == "tidied\n"


def test_the_debugger_going_away_ends_the_program_and_leaves_the_tape(paused):
    pid, tape = paused.pid, paused.tape
    paused.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert len(Tape.open(tape).events) > 0


def test_a_forked_worker_is_not_debugged_and_does_not_touch_the_tape(start):
    session = start(
        """
        import os, torch
        x = torch.tensor([1.0], requires_grad=True)
        y = x * x
        pid = os.fork()
        if pid == 0:
            z = x * x * x
            z.backward(torch.ones(1))
            print(x.grad.tolist(), flush=True)
            os._exit(0)
        os.waitpid(pid, 0)
        """
    )
    outcome = session.wait_until_ended()
    assert outcome.how is State.FINISHED
    assert session.printed["stdout"] == "[3.0]\n"
    tape = Tape.open(session.tape)
    assert len(tape.ops) == 1
    assert tape.damage == ""
    tape.close()


def test_threads_that_walk_at_once_each_reach_their_end(start):
    session = start(
        """
        import threading, torch
        results = []
        def work(number):
            x = torch.tensor([float(number)], requires_grad=True)
            (x * x).backward(torch.ones(1))
            results.append(x.grad.tolist()[0])
        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print(sorted(results))
        """
    ).wait_for(State.PAUSED)
    for _ in range(3):
        session.move("next")
    session.send("continue")
    assert session.wait_until_ended().how is State.FINISHED
    assert session.printed["stdout"] == "[0.0, 2.0, 4.0, 6.0]\n"
