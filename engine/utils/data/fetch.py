"""From what a sampler says to a batch: the same in the loader's process and in a worker's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .dataset import IterableDataset

Fetch = Callable[[Any], Any]


def fetch_of(dataset: Any, batched: bool, collate: Callable[[Any], Any], drop_last: bool) -> Fetch:
    """A function that gives the batch (or, where not ``batched``, the sample) for what the sampler says.

    Of a stream it raises StopIteration at the end.
    """
    return (
        _from_stream(dataset, batched, collate, drop_last)
        if isinstance(dataset, IterableDataset)
        else _by_number(dataset, batched, collate)
    )


def _by_number(dataset: Any, batched: bool, collate: Callable[[Any], Any]) -> Fetch:
    several = getattr(dataset, "__getitems__", None)

    def fetch(numbers: Any) -> Any:
        if not batched:
            return collate(dataset[numbers])
        return collate(several(numbers) if several else [dataset[i] for i in numbers])

    return fetch


def _from_stream(dataset: Any, batched: bool, collate: Callable[[Any], Any], drop_last: bool) -> Fetch:
    stream = iter(dataset)
    ended = False

    def fetch(places: Any) -> Any:
        nonlocal ended
        if ended:
            raise StopIteration
        if not batched:
            return collate(next(stream))
        samples = []
        for _ in places:
            try:
                samples.append(next(stream))
            except StopIteration:
                ended = True
                break
        if not samples or (drop_last and len(samples) < len(places)):
            raise StopIteration
        return collate(samples)

    return fetch
