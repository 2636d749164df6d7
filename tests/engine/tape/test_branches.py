"""Two branches of a backward pass are told apart on the tape, and differ only where the edit can reach."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

import gradstep.engine as gs
from gradstep.engine.autograd import walk as walks
from gradstep.engine.debug import whatif
from gradstep.engine.tape import branches, ledger
from gradstep.engine.tape.check import check
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.recorder import Level, Recorder, recording
from gradstep.engine.tape.sinks import ListSink


def recorded(program: Callable[[], None], drive: Callable[[Any], None] | None) -> Tape:
    sink = ListSink()
    walks.driver = drive
    try:
        with recording(Recorder(sink, Level.VALUES)):
            program()
    finally:
        walks.driver = None
    tape = Tape.of(sink.records)
    assert check(tape) == []
    return tape


def diamond() -> tuple[Any, Any]:
    x = gs.tensor([1.0, 2.0], requires_grad=True)
    w = gs.tensor([3.0, 4.0], requires_grad=True)
    left, right = x * w, x.exp()
    (left + right * left.sigmoid()).sum().backward()
    return x, w


def zero(walk: Any, node: Any) -> None:
    """Replace the gradient that waits at a node by zeros."""
    walk.set_pending(node, 0, walk.pending(node)[0] * 0)


def test_an_edit_makes_a_branch_that_differs_below_it_alone() -> None:
    edited: list[int] = []
    explored: list[whatif.Explored] = []

    def drive(walk: Any) -> None:
        walk.rewindable = True
        while walk.next_node is not None:
            if walk.next_node.name() == "SigmoidBackward0" and not explored:
                edited.append(walk.next_node.id)
                explored.append(whatif.explore(walk, functools.partial(zero, walk), [walk.next_node], "here"))
            walk.step()
        walk.finish()

    results: list[Any] = []
    tape = recorded(lambda: results.extend(diamond()), drive)
    plain: list[Any] = []
    recorded(lambda: plain.extend(diamond()), None)
    for mine, other in zip(results, plain, strict=True):
        assert mine.grad.numpy().tobytes() == other.grad.numpy().tobytes()  # the untouched branch is what the user has
    lie = explored[0]
    fork = branches.explored(tape, lie.run, lie.at, lie.begin, lie.untouched, lie.edited)
    assert lie.steps == (len(fork.old.steps), len(fork.new.steps))
    assert branches.edited_nodes(tape, fork) == set(edited)
    told = branches.differences(tape, fork)
    assert branches.changed(told)
    assert branches.changed(told) <= branches.reach(tape, edited)
    assert {tape.nodes[node].name for node in branches.changed(told)} >= {"SigmoidBackward0"}


def test_the_edited_branch_is_what_a_hook_that_zeroes_would_give() -> None:
    def drive(walk: Any) -> None:
        walk.rewindable = True
        while walk.next_node is not None:
            node = walk.next_node
            if node.name() == "SigmoidBackward0":
                whatif.explore(walk, functools.partial(zero, walk), [node], "edited")
                break
            walk.step()
        walk.finish()

    results: list[Any] = []
    tape = recorded(lambda: results.extend(diamond()), drive)

    x = gs.tensor([1.0, 2.0], requires_grad=True)
    w = gs.tensor([3.0, 4.0], requires_grad=True)
    left, right = x * w, x.exp()
    gate = left.sigmoid()
    gate.register_hook(lambda g: g * 0)
    (left + right * gate).sum().backward()
    assert results[0].grad.tolist() == x.grad.tolist()
    assert results[1].grad.tolist() == w.grad.tolist()
    (fork,) = branches.forks(tape, next(iter(tape.runs)))
    told = branches.differences(tape, fork)
    changed = branches.changed(told)
    assert changed
    assert changed <= branches.reach(tape, branches.edited_nodes(tape, fork))
    stored = dict(branches.stored_differences(tape, fork))
    assert all(not one.equal and one.norm is not None and one.norm > 0 for one in stored.values())


def test_an_edit_that_is_refused_leaves_everything_as_it_was() -> None:
    def drive(walk: Any) -> None:
        walk.rewindable = True
        node = walk.next_node
        before = walk.pending(node)[0]

        def refuse(fields: Any) -> None:
            if fields["bad"]:
                raise ValueError("no")
            walk.set_pending(node, 0, before * 2)

        try:
            whatif.explore(walk, refuse, [{"bad": False}, {"bad": True}])
        except ValueError:
            assert walk.pending(node)[0] is before
            assert walk.taken == 0
        walk.run_to_end()

    results: list[Any] = []
    recorded(lambda: results.extend(diamond()), drive)
    plain = diamond()
    assert results[0].grad.tolist() == plain[0].grad.tolist()


# ------------------------------------------------------------------------------------------------------------- ledger


def test_the_addends_of_a_fan_in_add_up_bit_by_bit() -> None:
    tape = recorded(lambda: diamond() and None, None)
    entries = list(ledger.fan_ins(tape, next(iter(tape.runs))))
    assert entries
    for entry in entries:
        assert entry.exact is True
        assert np.isclose(sum(addend.share or 0.0 for addend in entry.addends), 1.0)
        assert entry.cancellation is not None
        assert -1e-9 <= entry.cancellation <= 1.0


def test_micro_batches_and_tied_weights_show_in_the_ledger_of_a_leaf() -> None:
    names: list[int] = []

    def program() -> None:
        w = gs.randn(4, 3, requires_grad=True)
        for _ in range(3):
            x = gs.randn(5, 4)
            ((x @ w) @ w.t()).pow(2).mean().backward()
        names.append(w._id)
        w.grad = None
        (gs.randn(2, 4) @ w).sum().backward()

    gs.manual_seed(0)
    tape = recorded(program, None)
    entries = ledger.stored(tape, names[0])
    assert [len(entry.addends) for entry in entries] == [3, 1]
    assert [addend.source for addend in entries[0].addends] == sorted(tape.runs)[:3]
    assert all(entry.exact for entry in entries)
    tied = [entry for run in sorted(tape.runs)[:3] for entry in ledger.fan_ins(tape, run)]
    assert sum(entry.slot is not None and tape.nodes[entry.slot.node].variable == names[0] for entry in tied) == 3


def test_gradients_that_cancel_are_seen_to_cancel() -> None:
    def program() -> None:
        x = gs.tensor([1.0, 2.0], requires_grad=True)
        (x * 3 - x * 2.999).sum().backward()

    tape = recorded(program, None)
    (entry,) = ledger.fan_ins(tape, next(iter(tape.runs)))
    assert entry.cancellation is not None
    assert entry.cancellation > 0.999
    assert sorted(round(addend.cosine or 0.0) for addend in entry.addends) == [-1, 1]
