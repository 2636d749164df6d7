"""DataLoader: batches of a dataset, made in this process or by workers."""

from __future__ import annotations

import multiprocessing
import os
import warnings
from collections.abc import Callable, Iterator
from collections.abc import Generator as Batches
from typing import Any

from ... import creation, dtypes
from ...random import Generator
from .collate import default_collate, default_convert
from .dataset import IterableDataset
from .fetch import fetch_of
from .sampler import BatchSampler, RandomSampler, SequentialSampler
from .workers import Work, Workers

_FIXED = ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers")


class _Endless:
    """The sampler of a stream: nothing to choose."""

    def __iter__(self) -> Iterator[None]:
        while True:
            yield None


class DataLoader:
    """Iterates over batches of a dataset, drawing the order as PyTorch does.

    ``batch_size=None`` gives the samples one by one. ``num_workers`` processes make the batches, ``prefetch_factor`` each in advance;
    0 makes them in this one. Options about pinned memory are accepted and have no effect. Raises ValueError for options that exclude
    each other.
    """

    _ready = False  # the attributes that must not change are set

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
        if num_workers > 0 and prefetch_factor is None:
            prefetch_factor = 2
        elif prefetch_factor is not None and prefetch_factor < 0:
            raise ValueError("prefetch_factor option should be non-negative")
        if persistent_workers and num_workers == 0:
            raise ValueError("persistent_workers option needs num_workers > 0")
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
        self.worker_init_fn, self.persistent_workers, self.in_order = worker_init_fn, persistent_workers, in_order
        self.pin_memory_device = pin_memory_device
        self.multiprocessing_context = multiprocessing_context
        batches = batch_sampler is not None
        self.collate_fn: Callable[[Any], Any] = collate_fn if collate_fn is not None else default_collate if batches else default_convert

        self._told: int | None = None  # the length of a stream, if somebody asked
        self._workers: Workers | None = None
        self._pass: Batches[Any, None, None] | None = None
        self._ready = True
        self._check_workers()

    def __setattr__(self, name: str, value: Any) -> None:
        if self._ready and name in _FIXED:
            raise ValueError(f"{name} attribute should not be set after {type(self).__name__} is initialized")
        super().__setattr__(name, value)

    @property
    def multiprocessing_context(self) -> Any:
        """How workers are started; None is the platform's way."""
        return self._context

    @multiprocessing_context.setter
    def multiprocessing_context(self, context: Any) -> None:
        if context is not None and self.num_workers == 0:
            raise ValueError(
                "multiprocessing_context can only be used with multi-process loading (num_workers > 0), but got "
                f"num_workers={self.num_workers}"
            )
        if isinstance(context, str):
            valid = multiprocessing.get_all_start_methods()
            if context not in valid:
                raise ValueError(
                    f"multiprocessing_context option should specify a valid start method in {valid!r}, but got "
                    f"multiprocessing_context={context!r}"
                )
            context = multiprocessing.get_context(context)
        if context is not None and not isinstance(context, multiprocessing.context.BaseContext):
            raise TypeError(
                "multiprocessing_context option should be a valid context object or a string specifying the start method, but got "
                f"multiprocessing_context={context}"
            )
        self._context = context

    def _check_workers(self) -> None:
        """Warn where there are to be more workers than processors."""
        affinity = getattr(os, "sched_getaffinity", None)
        most = len(affinity(0)) if affinity is not None else os.cpu_count() or 1
        if self.num_workers > most:
            unsaid = "" if affinity is not None else " (`cpuset` is not taken into account)"
            warnings.warn(
                f"This DataLoader will create {self.num_workers} worker processes in total. Our suggested max number of worker in current "
                f"system is {most}{unsaid}, which is smaller than what this DataLoader is going to create. Please be aware that excessive "
                "worker creation might get DataLoader running slow or even freeze, lower the worker number to avoid potential "
                "slowness/freeze if necessary.",
                stacklevel=3,
            )

    def __iter__(self) -> Iterator[Any]:
        order = self.sampler if self.batch_sampler is None else self.batch_sampler
        # the seed of the workers, which PyTorch draws also where it has none, but not for those that are there already
        seed = 0 if self._workers is not None else int(creation.empty((), dtype=dtypes.int64).random_(generator=self.generator).item())
        if self.num_workers == 0:
            return _Pass(self, self._here(iter(order)))
        if self._pass is not None:
            self._pass.close()
        batches = self._from_workers(iter(order), seed)
        self._pass = batches if self.persistent_workers else None
        return _Pass(self, batches)

    def _here(self, order: Iterator[Any]) -> Batches[Any, None, None]:
        fetch = fetch_of(self.dataset, self.batch_sampler is not None, self.collate_fn, self.drop_last)
        for places in order:
            try:
                batch = fetch(places)
            except StopIteration:
                if isinstance(self.dataset, IterableDataset):
                    return
                raise
            yield batch

    def _from_workers(self, order: Iterator[Any], seed: int) -> Batches[Any, None, None]:
        workers = self._workers
        if workers is None:
            work = Work(
                self.dataset,
                self.batch_sampler is not None,
                self.collate_fn,
                self.drop_last,
                seed,
                self.worker_init_fn,
                self.num_workers,
            )
            workers = Workers(work, self._context, self.prefetch_factor or 1, self.timeout, self.in_order)
        if self.persistent_workers:
            self._workers = workers
        try:
            yield from workers.batches(order, self.persistent_workers)
        finally:
            if not self.persistent_workers:
                workers.stop()

    def __len__(self) -> int:
        if not isinstance(self.dataset, IterableDataset):
            return len(self.sampler if self.batch_sampler is None else self.batch_sampler)
        count = self._told = len(self.dataset)  # type: ignore[arg-type]
        if self.batch_size is None:
            return count
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)


class _Pass:
    """One pass over the batches of a loader."""

    def __init__(self, loader: DataLoader, batches: Iterator[Any]) -> None:
        self._loader, self._batches, self._given = loader, batches, 0

    def __iter__(self) -> Iterator[Any]:
        return self

    def __len__(self) -> int:
        return len(self._loader)

    def __next__(self) -> Any:
        batch = next(self._batches)
        self._given += 1
        told = self._loader._told
        if told is not None and self._given > told:
            words = (
                f"Length of IterableDataset {self._loader.dataset} was reported to be {told}(when accessing len(dataloader)), but "
                f"{self._given} samples have been fetched. "
            )
            if self._loader.num_workers > 0:
                words += (
                    "For multiprocessing data-loading, this could be caused by not properly configuring the IterableDataset replica at "
                    "each worker. Please see https://pytorch.org/docs/stable/data.html#torch.utils.data.IterableDataset for examples."
                )
            warnings.warn(words, stacklevel=2)
        return batch
