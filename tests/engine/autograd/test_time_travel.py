"""Random walks of steps forward and back over random graphs of everything: a moment is the same, bit by bit, at every visit."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy
import pytest

import gradstep.engine as gs
from gradstep.engine.autograd import walk as walks
from gradstep.engine.autograd.node import Node
from gradstep.engine.autograd.order import Heap
from gradstep.engine.autograd.walk import Walk
from gradstep.engine.nodes import RELEASED
from gradstep.engine.tape import recorder as recorders
from gradstep.engine.tape.check import check
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.recorder import Level, ListSink, Recorder, recording
from gradstep.engine.tape.state import Cursor

SEEDS = range(200)


class Mixed(gs.autograd.Function):
    """Two outputs, a saved input and a saved output; the backward draws random numbers and does not answer for everything."""

    @staticmethod
    def forward(ctx: Any, a: Any, b: Any) -> Any:
        out = a * b
        ctx.save_for_backward(a, out)
        return out, b + 1

    @staticmethod
    def backward(ctx: Any, g: Any, h: Any) -> Any:
        a, out = ctx.saved_tensors
        return g * out + gs.rand(()).item(), g * a + h


class Inner(gs.autograd.Function):
    """A backward that calls backward on a graph of its own."""

    @staticmethod
    def forward(ctx: Any, a: Any) -> Any:
        ctx.save_for_backward(a)
        return a.sin()

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (a,) = ctx.saved_tensors
        with gs.enable_grad():
            copy = a.detach().requires_grad_()
            copy.sin().backward(g)
        return copy.grad


Graph = tuple[list[Any], list[Any], list[Any]]  # roots, leaves, tensors whose .grad is looked at


def drawn(seed: int) -> Graph:
    """A graph with fan-in, views, changes in place, several outputs, hooks of every kind, retained gradients, Functions of a user."""
    choose = random.Random(seed)
    numbers = numpy.random.default_rng(seed)
    leaves = [gs.from_numpy(numbers.standard_normal(4)).requires_grad_() for _ in range(choose.randrange(1, 4))]
    for leaf in leaves:
        if choose.random() < 0.4:
            leaf.grad = gs.from_numpy(numbers.standard_normal(4))
        if choose.random() < 0.3:
            leaf.register_hook(lambda g: None if g is None else g * gs.rand(()).item())
        if choose.random() < 0.3:
            leaf.register_post_accumulate_grad_hook(lambda p: None if p.grad is None else (p.grad.mul_(0.5), None)[1])
        if choose.random() < 0.1:
            leaf.register_post_accumulate_grad_hook(lambda p: setattr(p, "grad", None))
    pool: list[Any] = list(leaves)
    made: list[Any] = []
    for _ in range(choose.randrange(3, 12)):
        for tensor in one(choose, choose.choice(pool), choose.choice(pool)):
            pool.append(tensor)
            made.append(tensor)
            watched(choose, tensor)
    if choose.random() < 0.3:  # a graph of gradients
        source = (pool[-1] * pool[-1]).sum()
        pool += [g for g in gs.autograd.grad(source, leaves, create_graph=True, allow_unused=True) if g is not None and g.requires_grad]
    roots = [t for t in pool if t.requires_grad and not t.is_leaf][-choose.randrange(1, 4) :] or [pool[-1] * 1]
    return roots, leaves, [*leaves, *made]


def one(choose: random.Random, a: Any, b: Any) -> list[Any]:
    """The results of one op or a few."""
    way = choose.randrange(12)
    if way < 3:
        return [a * b]
    if way == 3:
        return [a.tanh() + b]
    if way == 4:
        first, second = (a * 1).split(2)
        return [gs.cat([second, first])]
    if way == 5:
        changed = a.clone()
        part = choose.choice([changed, changed[1:], changed.view(2, 2)[0]])
        part.mul_(2) if choose.random() < 0.5 else part.add_(b[: part.numel()].view(part.shape))
        return [changed, changed.view(2, 2).t().reshape(4)]
    if way == 6:
        return list(Mixed.apply(a, b))
    if way == 7:
        return [gs.stack([a, b, a]).sum(0)]
    if way == 8:
        return [a.sort()[0]]
    if way == 9:
        return [Inner.apply(a)]
    if way == 10:
        return [gs.nn.functional.dropout(a.exp().clamp(max=3.0), 0.3)]
    return [a[gs.tensor([0, 0, 3, 1])]]


def watched(choose: random.Random, tensor: Any) -> None:
    """Hooks, perhaps."""
    if not tensor.requires_grad or tensor.is_leaf:
        return
    way = choose.randrange(9)
    if way == 0:
        tensor.register_hook(lambda g: None if g is None else g * gs.rand(()).item())
    elif way == 1:
        tensor.register_hook(lambda g: None if g is None else g.add_(1))  # in place: the gradient that waits is another one
    elif way == 2:
        tensor.retain_grad()
    elif way == 3:
        tensor.grad_fn.register_prehook(lambda grads: tuple(None if g is None else g + gs.rand(()).item() for g in grads))
    elif way == 4:
        tensor.grad_fn.register_hook(lambda ins, outs: tuple(None if g is None else g * 2 for g in ins))


def begin(graph: Graph, seed: int) -> Walk:
    """A walk that can be stepped back, in one of the ways in which passes are begun."""
    roots, leaves, _ = graph
    choose = random.Random(seed)
    numbers = numpy.random.default_rng(seed)
    seeds = [gs.from_numpy(numbers.standard_normal(tuple(root.shape))) for root in roots]
    options: dict[str, Any] = {"keep_graph": choose.random() < 0.3}
    if choose.random() < 0.2:
        options["create_graph"] = options["keep_graph"] = True
    if choose.random() < 0.2:
        options |= {"inputs": [leaves[0]._gradient_edge()], "accumulate": choose.random() < 0.5}
    walk = Walk([root._gradient_edge() for root in roots], seeds, **options)
    walk.rewindable = True
    return walk


# --------------------------------------------------------------------------------------------------------------- the state


def _told(value: Any) -> Any:
    """A tensor, and what a node keeps, as something that says all of it."""
    if isinstance(value, gs.Tensor):
        cell = value._cell
        return (value._data.tobytes(), value._data.shape, 0 if cell is None else cell.version)
    if isinstance(value, (tuple, list)):
        return tuple(map(_told, value))
    if value is RELEASED or value is None:
        return repr(value)
    if hasattr(value, "_tensor") and hasattr(value, "_data"):  # a SavedTensor
        cell = value._cell
        data = value._data if value._tensor is None else value._tensor._data
        return ("saved", getattr(data, "_data", data).tobytes(), value._version, 0 if cell is None else cell.version)
    return value.tobytes() if hasattr(value, "tobytes") else repr(value)


def _kept(node: Node) -> Any:
    names = getattr(node, "names", ())
    inner = getattr(node, "_inner", None)
    return (
        [(name, _told(getattr(node, f"kept_{name}", None))) for name in names],
        _told(getattr(node, "_saved", None)) if not names else None,
        None if inner is None else _kept(inner),
    )


def state(walk: Walk, graph: Graph) -> str:
    """A hash of all that a step may change: heap in its order, buffers, .grad, what nodes keep with versions, random state."""
    nodes = sorted(walk._dependencies, key=lambda node: (node.sequence, id(node)))
    place = {node: i for i, node in enumerate(nodes)}
    parts = (
        [place[node] for node in walk._heap.items],
        sorted((place[node], _told(grads)) for node, grads in walk._buffers.items()),
        [(walk._dependencies[node], _kept(node)) for node in nodes],
        [None if t._grad is None else _told(t._grad) for t in graph[2]],
        [_told(t) for t in graph[2]],
        sorted((nodes_slot[1], _told(grad)) for nodes_slot, grad in walk._capture.items()),
        gs.get_rng_state().tolist(),
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def grads(graph: Graph) -> list[Any]:
    """``.grad`` of all tensors that are looked at, bit by bit."""
    return [None if t._grad is None else t._grad._data.tobytes() for t in graph[2]]


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Passes inside, begun by a user's backward, are walked step by step."""

    def drive(walk: Walk) -> None:
        walk.rewindable = True
        while walk.next_node is not None:
            walk.step()

    found, walks.driver = walks.driver, drive
    try:
        yield
    finally:
        walks.driver = found


def wander(walk: Walk, graph: Graph, choose: random.Random, moves: int, moved: Callable[[], None]) -> None:
    """Steps forward and back at random, and jumps to marks; ``moved`` is called after each."""
    marks = [(walk.mark(), state(walk, graph))]
    for _ in range(moves):
        way = choose.random()
        if way < 0.55 and not walk.done:
            walk.step()
        elif way < 0.92:
            walk.step_back()
        else:
            mark, then = choose.choice(marks)
            if mark[2] <= walk.taken:
                walk.rewind_to(mark)
                assert state(walk, graph) == then
                marks = [(m, s) for m, s in marks if m[2] <= walk.taken]
        if choose.random() < 0.2:
            marks = [*(pair for pair in marks if pair[0][2] <= walk.taken), (walk.mark(), state(walk, graph))]
        marks = [pair for pair in marks if pair[0][2] <= walk.taken]
        moved()


@pytest.mark.parametrize(("seed", "recorded"), [*((seed, False) for seed in SEEDS), *((seed, True) for seed in SEEDS[::4])])
def test_a_moment_is_the_same_at_every_visit_and_the_end_is_that_of_an_unstepped_run(seed: int, recorded: bool) -> None:
    gs.manual_seed(seed)
    graph = drawn(seed)
    plain = begin(graph, seed)
    plain.rewindable = False
    plain.run_to_end()
    expected = grads(graph)

    gs.manual_seed(seed)
    sink = ListSink()
    recorder = Recorder(sink, Level.VALUES)
    if recorded:
        recorders.install(recorder)
    try:
        graph = drawn(seed)
        with one_at_a_time():
            walk = begin(graph, seed)
            seen: dict[int, str] = {0: state(walk, graph)}

            def moved() -> None:
                now = state(walk, graph)
                assert seen.setdefault(walk.taken, now) == now, walk.taken

            wander(walk, graph, random.Random(seed), 60, moved)
            while walk.step():
                moved()
            while walk.step_back():
                moved()
            assert walk.taken == 0
            while walk.step():
                moved()
        assert grads(graph) == expected
        walk.finish()
    finally:
        if recorded:
            recorders.uninstall(recorder)
            recorder.flush()
    if recorded:
        assert check(Tape.of(sink.records)) == []


@pytest.mark.parametrize("seed", range(60))
def test_edits_are_undone_with_the_steps_and_marks_lead_back(seed: int) -> None:
    gs.manual_seed(seed)
    graph = drawn(seed)
    walk = begin(graph, seed)
    choose = random.Random(seed)
    with one_at_a_time():
        for _ in range(choose.randrange(4)):
            walk.step()
        here, then = walk.mark(), state(walk, graph)
        for _ in range(choose.randrange(1, 4)):
            if walk.done:
                break
            node = choose.choice(walk.ready)
            slots = [i for i, g in enumerate(walk.pending(node)) if g is not None]
            if slots:
                slot = choose.choice(slots)
                old = walk.pending(node)[slot]
                walk.set_pending(node, slot, gs.full_like(old, choose.random()))
            walk.step()
        walk.rewind_to(here)
        assert state(walk, graph) == then
        while walk.step():
            pass
    ended = grads(graph)
    gs.manual_seed(seed)
    graph = drawn(seed)
    plain = begin(graph, seed)
    plain.rewindable = False
    plain.run_to_end()
    assert grads(graph) == ended


# ------------------------------------------------------------------------------------------------------------- the journal


def chain(count: int) -> Walk:
    x = gs.randn(8, requires_grad=True)
    y: Any = x
    for _ in range(count):
        y = y.tanh()
    walk = Walk([y._gradient_edge()], [gs.ones(8)])
    walk.rewindable = True
    return walk


def test_the_journal_keeps_within_its_memory_and_the_newest_steps_can_be_undone() -> None:
    walk = chain(500)
    walk.undo_bytes = 100_000
    while walk.step():
        assert walk._holding <= walk.undo_bytes
    steps = walk.undoable
    assert 20 < steps < 300
    assert walk.forgets
    assert sum(1 for _ in iter(walk.step_back, False)) == steps
    assert walk.taken == 501 - steps
    assert walk.undoable == 0
    while walk.step():
        pass
    assert walk.taken == 501


def test_what_is_held_is_counted_back_with_the_steps() -> None:
    walk = chain(50)
    for _ in range(20):
        walk.step()
    held = walk._holding
    for _ in range(2000):
        walk.step()
        walk.step_back()
    assert walk._holding == held
    assert walk.undoable == 20


def test_a_mark_that_was_forgotten_is_refused_and_one_that_is_held_is_not() -> None:
    walk = chain(300)
    walk.undo_bytes = 50_000
    early = walk.mark()
    while walk.step():
        pass
    with pytest.raises(RuntimeError, match=r"step 0 is too far back: of 301 steps the last \d+ can be undone"):
        walk.rewind_to(early)
    walk = chain(300)
    walk.undo_bytes = 50_000
    with walk.remembering():
        early = walk.mark()
        while walk.step():
            pass
        walk.rewind_to(early)
    assert walk.taken == 0
    assert walk.undoable == 0


@pytest.mark.parametrize("seed", range(20))
def test_pushes_and_pops_of_the_heap_are_undone_exactly(seed: int) -> None:
    choose = random.Random(seed)
    heap = Heap()
    nodes = [Node((), ()) for _ in range(40)]
    for node in nodes:
        node.sequence = choose.randrange(12)
    undo: list[tuple[list[Node], int, Any]] = []
    for _ in range(400):
        way = choose.random()
        if way < 0.4 and len(heap.items) < len(nodes):
            undo.append((list(heap.items), len(heap.items), heap.before_push()))
            heap.push(choose.choice(nodes))
        elif way < 0.7 and heap.items:
            undo.append((list(heap.items), len(heap.items), heap.before_pop()))
            heap.pop()
        elif undo:
            items, length, pairs = undo.pop()
            heap.restore(length, pairs)
            assert heap.items == items


def test_going_far_back_on_a_tape_costs_no_more_than_the_steps() -> None:
    sink = ListSink()
    recorder = Recorder(sink, Level.STRUCTURE)
    with recording(recorder):
        walk = chain(120)
        for _ in range(120):
            walk.step()
        while walk.step_back():  # one event each: read naively, each takes back all that the ones before took back
            pass
        while walk.step():
            pass
        walk.finish()
    tape = Tape.of(sink.records)
    assert check(tape) == []
    cursor = Cursor(tape)
    cursor.move_to(len(tape.events) - 1)
    assert len(cursor._journal._changes) < 100 * len(tape.events)


def test_a_long_recorded_walk_back_and_forth_does_not_pile_up_in_the_recorder() -> None:
    recorder = Recorder(ListSink(), Level.STRUCTURE)
    with recording(recorder):
        x = gs.ones(3, requires_grad=True)
        x.grad = gs.ones(3)
        walk = Walk([(x * 2)._gradient_edge()], [gs.ones(3)])
        walk.rewindable = True
        walk.step()
        for _ in range(50):
            walk.step()
            walk.step_back()
    assert sum(map(len, recorder._nouns.renamed.values())) < 5
    assert len(recorder._bumps) < 5
