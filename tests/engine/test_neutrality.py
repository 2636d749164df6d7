"""Being watched changes nothing: random programs give the same bits, the same order of hooks and the same random numbers while
they are recorded at any level, and while somebody steps through their backward, back and forth."""

from __future__ import annotations

import contextlib
import random
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import gradstep.engine as gs
from gradstep.engine.autograd import walk as walks
from gradstep.engine.autograd.walk import Walk
from gradstep.engine.tape.check import check
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.recorder import Level, Recorder, recording
from gradstep.engine.tape.sinks import ListSink
from gradstep.engine.utils.checkpoint import checkpoint

Order = list[str]
WATCHED = [*Level, "stepping", "stepping while recorded"]


class Scaled(gs.autograd.Function):  # type: ignore[misc, name-defined]
    """A Function with saved tensors, an attribute and random numbers in its backward."""

    @staticmethod
    def forward(ctx: Any, a: Any, factor: float) -> Any:
        ctx.factor = factor
        ctx.save_for_backward(a)
        return a * factor

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (a,) = ctx.saved_tensors
        return g * ctx.factor + 0 * a * gs.rand(a.shape), None


class Drawn:
    """A random program of small matrices; everything it does comes from its seed."""

    def __init__(self, seed: int) -> None:
        self.choose = random.Random(seed)
        self.order: Order = []
        gs.manual_seed(seed)
        self.leaves = [gs.randn(3, 3, dtype=gs.float64).requires_grad_() for _ in range(self.choose.randrange(2, 6))]
        self.model = gs.nn.Sequential(gs.nn.Linear(3, 3), gs.nn.Dropout(0.3), gs.nn.Tanh()).double()
        self.pool: list[Any] = list(self.leaves)
        self.made: list[Any] = []

    def note(self, word: str) -> Callable[..., None]:
        return lambda *_: self.order.append(word)

    def one(self) -> Any:
        """A tensor from one or two others, or a change of one in place."""
        a, b = self.choose.choice(self.pool), self.choose.choice(self.pool)
        ways: list[Callable[[], Any]] = [
            lambda: a * b,
            lambda: a @ b.t() / 3,
            lambda: (a - b).tanh(),
            lambda: gs.cat([a, b])[1:4],
            lambda: a.softmax(0) + b.sum(1, keepdim=True) / 10,
            lambda: gs.nn.functional.dropout(a, 0.5),
            lambda: self.model(a),
            lambda: Scaled.apply(a, 0.5),
            lambda: checkpoint(lambda t: t.sigmoid() * gs.rand(3, 3, dtype=gs.float64), a, use_reentrant=False),
            lambda: a.clamp(-1, 1).where(a > 0, b),
            lambda: self.changed(a.clone(), b),
            lambda: a.detach() * b,
        ]
        return self.choose.choice(ways)()

    def changed(self, a: Any, b: Any) -> Any:
        view = self.choose.choice([a, a[0], a.t()[1:], a.diagonal()])
        view.mul_(0.5)
        if self.choose.random() < 0.5:
            a[self.choose.randrange(3)] = b[0]
        return a.add_(0.1)

    def hook(self, t: Any, name: str) -> None:
        ways: list[Callable[[], Any]] = [
            lambda: t.register_hook(self.note(f"{name} tensor")),
            lambda: t.register_hook(lambda g: (self.order.append(f"{name} replaces"), g * gs.rand((), dtype=gs.float64))[1]),
            lambda: t.retain_grad(),
            lambda: t.grad_fn and t.grad_fn.register_prehook(self.note(f"{name} pre")),
            lambda: t.grad_fn and t.grad_fn.register_hook(self.note(f"{name} post")),
            lambda: t.is_leaf and t.register_post_accumulate_grad_hook(self.note(f"{name} stored")),
        ]
        if t.requires_grad:
            self.choose.choice(ways)()

    def run(self) -> list[Any]:
        """All results and gradients."""
        for number in range(self.choose.randrange(4, 14)):
            made = self.one()
            self.pool.append(made)
            self.made.append(made)
            if self.choose.random() < 0.5:
                self.hook(made, str(number))
            if self.choose.random() < 0.2:
                self.hook(self.choose.choice(self.leaves), f"leaf {number}")
        root = sum((m.sum() for m in self.made if m.requires_grad), start=self.leaves[0].sum())
        found: list[Any] = [root]
        if self.choose.random() < 0.5:
            inputs = self.choose.sample(self.leaves, 2)
            first = gs.autograd.grad(root, inputs, create_graph=True, allow_unused=True)
            found += first
            live = [g for g in first if g is not None and g.requires_grad]
            if live:
                sum(g.square().sum() for g in live).backward(retain_graph=True)
        root.backward(retain_graph=self.choose.random() < 0.5)
        if self.choose.random() < 0.3:
            (self.leaves[0] * gs.rand(3, 3, dtype=gs.float64)).sum().backward()
        found += [t._grad for t in [*self.leaves, *self.made, *self.model.parameters()]]
        return [*found, *self.made, gs.get_rng_state(), gs.rand(3)]


def outcome(program: Drawn) -> tuple[list[Any], Order]:
    """What a program leaves behind, in a form that compares bit by bit."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        left = program.run()
    return [None if t is None else (t._data.tobytes(), t._version, t.requires_grad) for t in left], program.order


@contextlib.contextmanager
def stepping(program: Drawn, seed: int) -> Iterator[None]:
    """Every backward is walked by somebody who goes back every now and then; what was undone leaves the order of hooks."""
    choose = random.Random(seed + 1)

    def drive(walk: Walk) -> None:
        walk.rewindable = True
        lengths: list[int] = []
        while not walk.done:
            if lengths and choose.random() < 0.4:
                assert walk.step_back()
                del program.order[lengths.pop() :]
            else:
                lengths.append(len(program.order))
                walk.step()

    walks.driver = drive
    try:
        yield
    finally:
        walks.driver = None


@pytest.mark.parametrize("seed", range(30))
def test_a_random_program_does_not_notice_that_it_is_watched(seed: int) -> None:
    alone = outcome(Drawn(seed))
    for watched in WATCHED:
        program = Drawn(seed)
        sink = ListSink()
        with contextlib.ExitStack() as stack:
            if isinstance(watched, Level):
                stack.enter_context(recording(Recorder(sink, watched)))
            else:
                stack.enter_context(stepping(program, seed))
                if "recorded" in watched:
                    stack.enter_context(recording(Recorder(sink, Level.VALUES)))
            assert outcome(program) == alone, watched
        if sink.records:
            assert check(Tape.of(sink.records)) == [], watched
