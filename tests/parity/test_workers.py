"""Loaders with worker processes against PyTorch's: the same batches from the same seeds, the same errors; samplers for several ranks."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy
import pytest
import torch
import torch.utils.data

import gradstep.engine as ours
import gradstep.engine.utils.data

BOTH = ((torch, torch.utils.data), (ours, gradstep.engine.utils.data))


def numbered(engine: Any, data: Any) -> Any:
    class Numbered(data.Dataset):  # type: ignore[misc]
        def __len__(self) -> int:
            return 7

        def __getitem__(self, i: int) -> tuple[Any, ...]:
            worker = data.get_worker_info()
            return engine.tensor(float(i)), engine.rand(2), random.random(), numpy.random.rand(), worker.id, worker.num_workers, worker.seed

    return Numbered()


def stream(engine: Any, data: Any) -> Any:
    class Stream(data.IterableDataset):  # type: ignore[misc]
        def __iter__(self) -> Any:
            worker = data.get_worker_info()
            return (10 * i + worker.id for i in range(5 + 2 * worker.id))

        def __len__(self) -> int:
            return 12

    return Stream()


def plain(batch: Any) -> Any:
    return batch.tolist() if hasattr(batch, "tolist") else [plain(b) for b in batch] if isinstance(batch, (list, tuple)) else batch


@pytest.mark.parametrize("make", [numbered, stream])
@pytest.mark.parametrize(
    "options",
    [
        {"batch_size": 3},
        {"batch_size": 2, "shuffle": True, "prefetch_factor": 3},
        {"batch_size": None},
        {"batch_size": 4, "drop_last": True, "persistent_workers": True},
    ],
    ids=range(4),
)
def test_batches_of_workers_are_pytorchs(make: Callable[[Any, Any], Any], options: dict[str, Any]) -> None:
    if make is stream:
        options = {k: v for k, v in options.items() if k != "shuffle"}
    found = []
    for engine, data in BOTH:
        engine.manual_seed(4)
        loader = data.DataLoader(make(engine, data), num_workers=2, **options)
        found.append(([[plain(b) for b in loader] for _ in range(2)], len(loader), engine.rand(1).tolist()))
    assert found[1] == found[0]


def test_a_worker_is_prepared_by_the_users_function() -> None:
    found = []
    for engine, data in BOTH:
        loader = data.DataLoader(numbered(engine, data), num_workers=2, worker_init_fn=engine.manual_seed)
        found.append([plain(b)[1] for b in loader])
    assert found[1] == found[0]


def test_a_persistent_worker_forgets_the_pass_that_was_left() -> None:
    loader = gradstep.engine.utils.data.DataLoader(range(40), num_workers=2, batch_size=2, persistent_workers=True)
    assert next(iter(loader)).tolist() == [0, 1]
    assert [b.tolist() for b in loader] == [[i, i + 1] for i in range(0, 40, 2)]


class Broken:
    def __len__(self) -> int:
        return 5

    def __getitem__(self, i: int) -> int:
        if i == 3:
            raise KeyError("nope")
        return i


MISTAKES: list[Callable[[Any], Any]] = [
    lambda d: d.DataLoader(Broken(), num_workers=1),
    lambda d: d.DataLoader(Broken(), num_workers=1, worker_init_fn=lambda i: 1 / 0),
    lambda d: d.DataLoader(Broken(), num_workers=2, multiprocessing_context="foo"),
    lambda d: d.DataLoader(Broken(), num_workers=1, multiprocessing_context=3),
    lambda d: d.DataLoader(Broken(), multiprocessing_context="fork"),
    lambda d: d.DataLoader([1], num_workers=1, prefetch_factor=-1),
    lambda d: setattr(d.DataLoader([1]), "batch_size", 3),
    lambda d: d.DataLoader([1], num_workers=100_000),
    lambda d: d.DistributedSampler([1], 2, 2),
]


@pytest.mark.parametrize("wrong", MISTAKES, ids=range(len(MISTAKES)))
def test_a_mistake_in_or_about_workers_is_told_in_pytorchs_words(wrong: Callable[[Any], Any]) -> None:
    messages = []
    for _, data in BOTH:
        with pytest.raises((Exception, UserWarning)) as error:  # noqa: PT011; warnings are errors
            list(wrong(data))
        messages.append((error.type.__name__, str(error.value).partition("File")[0]))
    assert messages[1] == messages[0]


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("count", [2, 11, 12])
def test_ranks_share_the_samples_as_pytorchs(count: int, shuffle: bool, drop_last: bool) -> None:
    found = []
    for _, data in BOTH:
        samplers = [data.DistributedSampler(range(count), 3, rank, shuffle, 5, drop_last) for rank in range(3)]
        for sampler in samplers:
            sampler.set_epoch(2)
        found.append([(len(s), list(s)) for s in samplers])
    assert found[1] == found[0]
