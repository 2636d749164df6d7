"""DataLoader: batches of a dataset, in this process."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ... import creation, dtypes
from ...random import Generator
from .collate import default_collate, default_convert
from .dataset import IterableDataset
from .sampler import BatchSampler, RandomSampler, SequentialSampler

_told = False


def get_worker_info() -> None:
    """What a worker process is told; None, as there are none."""
    return None


def _tell_once() -> None:
    global _told
    if not _told:
        _told = True
        warnings.warn(
            "DataLoader: num_workers > 0 has no effect in gradstep, samples are loaded in the process that is debugged. "
            "Set num_workers=0 to avoid this warning.",
            UserWarning,
            stacklevel=3,
        )


class _Endless:
    """The sampler of a stream: nothing to choose."""

    def __iter__(self) -> Iterator[None]:
        while True:
            yield None


class DataLoader:
    """Iterates over batches of a dataset, drawing the order as PyTorch does.

    ``batch_size=None`` gives the samples one by one. Options about worker processes and pinned memory are accepted and have
    no effect; ``num_workers > 0`` says so once.
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Any = None,
        batch_sampler: Any = None,
        num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Any = None,
        multiprocessing_context: Any = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        if num_workers < 0:
            raise ValueError("num_workers option should be non-negative; use num_workers=0 to disable multiprocessing.")
        if timeout < 0:
            raise ValueError("timeout option should be non-negative")
        if num_workers == 0 and prefetch_factor is not None:
            raise ValueError(
                "prefetch_factor option could only be specified in multiprocessing.let num_workers > 0 to enable multiprocessing, "
                "otherwise set prefetch_factor to None."
            )
        if persistent_workers and num_workers == 0:
            raise ValueError("persistent_workers option needs num_workers > 0")
        if num_workers > 0:
            _tell_once()
        stream = isinstance(dataset, IterableDataset)
        if stream:
            if shuffle:
                raise ValueError(f"DataLoader with IterableDataset: expected unspecified shuffle option, but got shuffle={shuffle}")
            for name, given in (("sampler", sampler), ("batch_sampler", batch_sampler)):
                if given is not None:
                    raise ValueError(f"DataLoader with IterableDataset: expected unspecified {name} option, but got {name}={given}")
        if sampler is not None and shuffle:
            raise ValueError("sampler option is mutually exclusive with shuffle")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ValueError("batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last")
            batch_size, drop_last = None, False
        elif batch_size is None and drop_last:
            raise ValueError("batch_size=None option disables auto-batching and is mutually exclusive with drop_last")
        if sampler is None:
            sampler = _Endless() if stream else RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        if batch_size is not None and batch_sampler is None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.dataset, self.batch_size, self.drop_last = dataset, batch_size, drop_last
        self.sampler, self.batch_sampler, self.generator = sampler, batch_sampler, generator
        self.num_workers, self.prefetch_factor, self.pin_memory, self.timeout = num_workers, prefetch_factor, pin_memory, timeout
        self.worker_init_fn, self.persistent_workers = worker_init_fn, persistent_workers
        batches = batch_sampler is not None
        self.collate_fn: Callable[[Any], Any] = collate_fn if collate_fn is not None else default_collate if batches else default_convert

    def __iter__(self) -> Iterator[Any]:
        # PyTorch draws a seed for its workers, also where it has none
        creation.empty((), dtype=dtypes.int64).random_(generator=self.generator)
        order: Iterable[Any] = self.sampler if self.batch_sampler is None else self.batch_sampler
        if isinstance(self.dataset, IterableDataset):
            return self._from_stream(iter(self.dataset))
        return self._from_numbers(iter(order))

    def _from_numbers(self, order: Iterator[Any]) -> Iterator[Any]:
        several = getattr(self.dataset, "__getitems__", None)
        for numbers in order:
            if self.batch_sampler is None:
                yield self.collate_fn(self.dataset[numbers])
            elif several:
                yield self.collate_fn(several(numbers))
            else:
                yield self.collate_fn([self.dataset[i] for i in numbers])

    def _from_stream(self, stream: Iterator[Any]) -> Iterator[Any]:
        if self.batch_size is None:
            yield from map(self.collate_fn, stream)
            return
        batch: list[Any] = []
        for sample in stream:
            batch.append(sample)
            if len(batch) == self.batch_size:
                yield self.collate_fn(batch)
                batch = []
        if batch and not self.drop_last:
            yield self.collate_fn(batch)

    def __len__(self) -> int:
        if not isinstance(self.dataset, IterableDataset):
            return len(self.sampler if self.batch_sampler is None else self.batch_sampler)
        count = len(self.dataset)  # type: ignore[arg-type]
        if self.batch_size is None:
            return count
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)
