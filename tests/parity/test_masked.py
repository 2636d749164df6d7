"""torch.masked beside PyTorch: rows of which nothing is left, masks that broadcast, graphs and errors."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

import gradstep.engine as gs
import gradstep.engine.masked

torch = pytest.importorskip("torch")
ARRAY = numpy.random.default_rng(0).standard_normal((3, 4))
MASK = numpy.array([[True, False, True, True], [False] * 4, [True] * 4])


def run(t: Any, source: str) -> Any:
    """What an expression over x, integers n and masks gives, or the error that it raises."""
    import torch.masked

    masked = gradstep.engine.masked if t is gs else torch.masked
    names = {"x": t.from_numpy(ARRAY.copy()).requires_grad_(), "n": t.from_numpy((ARRAY * 9).astype("int32"))}
    names |= {"m": t.from_numpy(MASK.copy()), "row": t.from_numpy(MASK[0].copy())}
    try:
        return eval(source, {"M": masked, "T": t}, names)
    except (RuntimeError, ValueError, IndexError, NotImplementedError) as error:
        return error


NOTHING_LEFT = [
    *(f"M.{name}(x, 1, mask=m)" for name in ("sum", "prod", "amax", "amin", "mean", "median", "norm", "var", "std", "logsumexp")),
    *(f"M.{name}(x, 1, mask=m)" for name in ("softmax", "log_softmax", "softmin", "cumsum", "cumprod", "argmax", "argmin")),
    "M.normalize(x, 2.0, 1, mask=m)",
    "M.logaddexp(x, x * 2, input_mask=m, other_mask=row)",
]


def nodes(t: Any) -> list[str]:
    names, node = [], t.grad_fn
    while node is not None:
        names.append(node.name().rpartition("::")[2])
        node = next((edge[0] for edge in node.next_functions if edge[0] is not None), None)
    return names


@pytest.mark.parametrize(
    "source",
    [
        *NOTHING_LEFT,
        "M.sum(x, mask=row)|M.sum(n, mask=m)|M.prod(n, (0, 1), mask=m)|M.amax(n, 0, mask=row)|M.mean(x)|M.mean(x, mask=m)",
        "M.var(x, unbiased=False)|M.var(x, 0, correction=2, mask=m)|M.std(n, 1, mask=row)|M.norm(x, -float('inf'), 0, mask=m)",
        "M.sum(x, (0, 1), keepdim=True, mask=m)|M.mean(n, dtype=T.float64, mask=m)|M.median(n, 0)|M.argmin(n)",
    ],
)
def test_results_and_nodes(source: str) -> None:
    for part in source.split("|"):
        found, expected = run(gs, part), run(torch, part)
        assert not isinstance(expected, Exception), expected
        assert not isinstance(found, Exception), found
        assert str(found.dtype) == str(expected.dtype)
        assert nodes(found) == nodes(expected)
        numpy.testing.assert_allclose(found.detach().numpy(), expected.detach().numpy(), rtol=1e-12)


@pytest.mark.parametrize(
    "source",
    [
        "M.sum(x, 2)",
        "M.sum(x, (0, 0))",
        "M.sum(x, mask=m[None])",
        "M.mean(n)",
        "M.mean(x, dtype=T.int64)",
        "M.median(n, 1, mask=m)",
    ],
)
def test_errors_begin_with_pytorchs_words(source: str) -> None:
    found, expected = run(gs, source), run(torch, source)
    assert isinstance(expected, Exception)
    assert type(found) is type(expected), found
    assert str(found).startswith(str(expected).rstrip("."))


def test_gradients_are_zero_where_the_mask_leaves_an_element_out() -> None:
    x = gs.from_numpy(ARRAY.copy()).requires_grad_()
    gradstep.engine.masked.softmax(x, 0, mask=gs.from_numpy(MASK[0]))[0, 0].backward()
    assert (x.grad[:, 1] == 0).all()
    assert bool((x.grad[:, 0] != 0).all())
