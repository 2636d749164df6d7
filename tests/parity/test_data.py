"""torch.utils.data against PyTorch's: the same batches from the same seeds, the same errors."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from typing import Any

import numpy
import pytest
import torch
import torch.utils.data

import gradstep.engine as ours
import gradstep.engine.utils.data

Pair = namedtuple("Pair", "x y")
X = numpy.arange(33.0).reshape(11, 3)


def plain(value: Any) -> Any:
    """A batch as Python objects, so that those of both engines can be compared."""
    if hasattr(value, "tolist"):
        return (str(value.dtype), value.tolist())
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*[plain(v) for v in value])
    return [type(value).__name__, *map(plain, value)] if isinstance(value, (list, tuple)) else value


def stream(data: Any, length: int) -> Any:
    class Stream(data.IterableDataset):  # type: ignore[misc]
        def __iter__(self) -> Any:
            return iter(range(length))

        def __len__(self) -> int:
            return length

    return Stream()


LOADERS: list[Callable[[Any, Any], Any]] = [
    lambda m, d: d.DataLoader(d.TensorDataset(m.tensor(X), m.arange(11)), batch_size=4),
    lambda m, d: d.DataLoader(d.TensorDataset(m.tensor(X), m.arange(11)), batch_size=4, shuffle=True),
    lambda m, d: d.DataLoader(
        d.TensorDataset(m.tensor(X)), batch_size=3, shuffle=True, drop_last=True, generator=m.Generator().manual_seed(5)
    ),
    lambda m, d: d.DataLoader(d.TensorDataset(m.tensor(X)), batch_size=None),
    lambda m, d: d.DataLoader(list(range(7)), batch_size=3, collate_fn=sum),
    lambda m, d: d.DataLoader([{"a": 1, "b": [1.5, "x"]}, {"a": 2, "b": [2.5, "y"]}], batch_size=2),
    lambda m, d: d.DataLoader([Pair(1, 2.0), Pair(3, 4.0)], batch_size=2),
    lambda m, d: d.DataLoader([numpy.float32(1.5), numpy.float32(2.5)], batch_size=2),
    lambda m, d: d.DataLoader([(numpy.ones(2), True), (numpy.zeros(2), False)], batch_size=2),
    lambda m, d: d.DataLoader(range(9), batch_sampler=d.BatchSampler(d.SequentialSampler(range(9)), 4, False)),
    lambda m, d: d.DataLoader(range(9), sampler=d.RandomSampler(range(9), replacement=True, num_samples=40), batch_size=7),
    lambda m, d: d.DataLoader(range(9), sampler=d.RandomSampler(range(9), num_samples=20), batch_size=7),
    lambda m, d: d.DataLoader(range(9), sampler=d.SubsetRandomSampler([2, 3, 5])),
    lambda m, d: d.DataLoader(range(9), sampler=d.WeightedRandomSampler([1, 2, 3, 0.5], 3, replacement=False)),
    lambda m, d: d.DataLoader(d.ConcatDataset([range(3), range(10, 14)]), batch_size=5),
    lambda m, d: d.DataLoader(d.StackDataset(a=range(3), b=range(3)), batch_size=2),
    lambda m, d: d.DataLoader(stream(d, 7), batch_size=3),
    lambda m, d: d.DataLoader(stream(d, 7), batch_size=3, drop_last=True),
    lambda m, d: d.DataLoader(d.random_split(range(11), [0.7, 0.3])[1], batch_size=2),
    lambda m, d: d.DataLoader(d.random_split(range(11), [5, 6], m.Generator().manual_seed(1))[0], batch_size=9),
]


@pytest.mark.parametrize("make", LOADERS, ids=range(len(LOADERS)))
def test_batches_are_pytorchs(make: Callable[[Any, Any], Any]) -> None:
    found = []
    for module, data in ((torch, torch.utils.data), (ours, gradstep.engine.utils.data)):
        module.manual_seed(3)
        loader = make(module, data)
        found.append((len(loader), [plain(b) for b in loader], [plain(b) for b in loader], module.rand(2).tolist()))
    assert found[1] == found[0]


MISTAKES: list[Callable[[Any], Any]] = [
    lambda d: d.DataLoader([1], shuffle=True, sampler=d.SequentialSampler([1])),
    lambda d: d.DataLoader([1], batch_size=0),
    lambda d: d.DataLoader([1], batch_size=None, drop_last=True),
    lambda d: d.DataLoader([1], num_workers=-1),
    lambda d: d.DataLoader([1], batch_sampler=[[0]], batch_size=2),
    lambda d: d.DataLoader(stream(d, 3), shuffle=True),
    lambda d: d.DataLoader([], shuffle=True, batch_size=-1),
    lambda d: list(d.DataLoader([[1], [1, 2]], batch_size=2)),
    lambda d: list(d.DataLoader([object()])),
    lambda d: d.random_split(range(3), [1, 1]),
    lambda d: d.ConcatDataset([]),
    lambda d: d.RandomSampler([1], replacement=3),
    lambda d: d.RandomSampler([1], num_samples=-3),
    lambda d: d.WeightedRandomSampler([1.0], 0),
    lambda d: d.Dataset()[0],
]


@pytest.mark.parametrize("wrong", MISTAKES, ids=range(len(MISTAKES)))
def test_mistake_is_told_in_pytorchs_words(wrong: Callable[[Any], Any]) -> None:
    with pytest.raises(Exception) as theirs:  # noqa: PT011
        wrong(torch.utils.data)
    with pytest.raises(type(theirs.value)) as mine:
        wrong(gradstep.engine.utils.data)
    assert str(mine.value).split()[:5] == str(theirs.value).split()[:5]
