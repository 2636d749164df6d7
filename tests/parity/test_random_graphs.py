"""Random graphs with hooks everywhere: both engines call them in the same order with the same gradients."""

from __future__ import annotations

import random
from typing import Any

import pytest

from .logs import Program, Say, same_story


def drawn(seed: int) -> Program:
    """A program of small whole numbers, so that no rounding differs."""

    def program(T: Any, tell: Say) -> None:
        choose = random.Random(seed)
        quiet: list[bool] = []

        def say(*words: Any) -> None:
            if not quiet:
                tell(*words)

        class Twice(T.autograd.Function):  # type: ignore[misc, name-defined]
            @staticmethod
            def forward(ctx: Any, a: Any, b: Any) -> Any:
                ctx.save_for_backward(a)
                return a + a, b * 1, a

            @staticmethod
            def backward(ctx: Any, g: Any, h: Any, k: Any) -> Any:
                say("Twice", g, h, k)
                return g + g + k, h if choose_none else None

        choose_none = choose.random() < 0.5
        leaves = [T.tensor([float(choose.randrange(-2, 3)) for _ in range(4)], requires_grad=True) for _ in range(choose.randrange(1, 6))]
        pool: list[Any] = list(leaves)
        made: list[Any] = []

        def pick() -> Any:
            return choose.choice(pool)

        def once() -> list[Any]:
            way = choose.randrange(12)
            a, b = pick(), pick()
            if way < 3:
                return [a * b]
            if way < 5:
                return [a + b]
            if way == 5:
                return [a - 2]
            if way == 6:
                p, q = (a * 1).split(2)
                return [T.cat([q, p])]
            if way == 7:
                c = a.clone()
                v = choose.choice([c, c[1:], c.view(2, 2)[0]])
                v.mul_(2) if choose.random() < 0.5 else v.add_(b[: v.numel()])
                return [c]
            if way == 8:
                return list(Twice.apply(a, b))
            if way == 9:
                return [T.stack([a, b, a]).sum(0)]
            if way == 10:
                return [a.detach() * b]
            return [a.view(2, 2).t().reshape(4)]

        def watch(t: Any, name: str) -> None:
            if not t.requires_grad:
                return
            way = choose.randrange(8)
            if way == 0:
                t.register_hook(lambda g: say(name, "hook", g))
            elif way == 1:
                t.register_hook(lambda g: (say(name, "replaces", g), None if g is None else g * 2)[1])
            elif way == 2:
                t.retain_grad()
            elif t.grad_fn is None and way < 5:
                t.register_post_accumulate_grad_hook(lambda p: say(name, "stored", p.grad))
            elif t.grad_fn is not None and way == 3:
                t.grad_fn.register_prehook(lambda gs: say(name, "pre", gs))
            elif t.grad_fn is not None and way == 4:
                t.grad_fn.register_hook(lambda ins, outs: say(name, "post", ins, outs))

        for number in range(choose.randrange(2, 14)):
            for t in once():
                if t.abs().max() < 1e4:
                    pool.append(t)
                    made.append(t)
                    watch(t, str(number))
            if choose.random() < 0.3:
                watch(choose.choice(leaves), f"leaf {number}")
        roots = [t for t in made if t.requires_grad][-choose.randrange(1, 4) :]
        if not roots:
            return
        seeds = [T.tensor([1.0, 2.0, -1.0, 3.0]) for _ in roots]
        way = choose.randrange(4)
        if way == 0:
            say(T.autograd.grad(roots, choose.sample(pool[:1] + roots, 1), seeds, allow_unused=True, retain_graph=True))
        elif way == 1:
            wanted = [t for t in choose.sample(pool, min(3, len(pool))) if t.requires_grad]
            if wanted:
                say(T.autograd.grad(roots, wanted, seeds, allow_unused=True, retain_graph=True))
        elif way == 2:
            wanted = [t for t in choose.sample(pool, min(2, len(pool))) if t.requires_grad]
            if wanted:
                T.autograd.backward(roots, seeds, inputs=wanted, retain_graph=True)
        else:
            found = T.autograd.grad(roots, leaves, seeds, allow_unused=True, create_graph=True)
            live = [f for f in found if f is not None and f.requires_grad]
            say(found)
            if live:
                quiet.append(True)  # of the gradients' own graph only what comes out is compared, not its nodes
                T.autograd.backward(live, [T.ones(4) for _ in live], retain_graph=True)
                quiet.clear()
        say("then")
        T.autograd.backward(roots, seeds)
        say([t.grad for t in leaves], [t.grad if t.is_leaf or t.retains_grad else None for t in made])

    program.__name__ = f"graph_{seed}"
    return program


PROGRAMS = [drawn(seed) for seed in range(150)]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_random_graphs_tell_the_same_story(program: Program) -> None:
    same_story(program)
