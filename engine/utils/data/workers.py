"""Processes that make the batches of a loader: what runs in one, and who hands out the work and takes the batches in order.

A worker is a fork (or a fresh process, as the context says) that records nothing: a tape belongs to the process that is debugged.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import queue
import random
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.reduction import ForkingPickler
from typing import Any

from ... import creation, devices
from ...kernels import threads
from ...random import manual_seed
from ...tape import recorder
from ...tensor import Tensor
from .dataset import IterableDataset
from .fetch import Fetch, fetch_of

_LOOK_ROUND = 5.0  # seconds between looks at whether the other side still lives
_GRACE = 1.0  # seconds that a worker has to finish what it does
_RESUME = "resume"


@dataclass(frozen=True, slots=True)
class WorkerInfo:
    """What a worker is told: its number among how many, its seed, its copy of the dataset."""

    id: int
    num_workers: int
    seed: int
    dataset: Any
    rng: Any = None
    worker_method: str | None = "multiprocessing"


_info: WorkerInfo | None = None


def get_worker_info() -> WorkerInfo | None:
    """What this worker was told; None in the loader's own process."""
    return _info


@dataclass(frozen=True, slots=True)
class _Ended:
    """A worker's stream has no more samples."""


class _Message(str):
    """A text that KeyError shows as it is, with its line breaks."""

    def __repr__(self) -> str:
        return str(self)


@dataclass(frozen=True, slots=True)
class _Failure:
    """An exception on its way from a worker, with its traceback as text."""

    kind: type[BaseException]
    text: str
    where: str

    def again(self) -> BaseException:
        """An exception of the same type that tells where it comes from; RuntimeError where that type takes other arguments."""
        words = f"Caught {self.kind.__name__} {self.where}.\nOriginal {self.text}"
        try:
            return self.kind(_Message(words) if self.kind is KeyError else words)
        except Exception:  # a type of the user's, whose __init__ may do anything
            return RuntimeError(words)


def _failure(error: BaseException, worker: int) -> _Failure:
    return _Failure(type(error), "".join(traceback.format_exception(error)), f"in DataLoader worker process {worker}")


# ------------------------------------------------------------------------------------------------- tensors between processes


def _tensor(array: Any, requires_grad: bool) -> Any:
    return creation.from_numpy(array).requires_grad_(requires_grad)


def _reduced(t: Any) -> Any:
    if t.requires_grad and not t.is_leaf:
        raise RuntimeError(
            "Cowardly refusing to serialize non-leaf tensor which requires_grad, since autograd does not support crossing process "
            "boundaries.  If you just want to transfer the data, call detach() on the tensor before serializing (e.g., putting it on the "
            "queue)."
        )
    return _tensor, (t._xp.to_host(t._data), t.requires_grad)


ForkingPickler.register(Tensor, _reduced)


# ------------------------------------------------------------------------------------------------------------ in a worker


@dataclass(frozen=True, slots=True)
class Work:
    """What all workers of a loader share."""

    dataset: Any
    batched: bool
    collate: Callable[[Any], Any]
    drop_last: bool
    base_seed: int
    init: Callable[[int], Any] | None
    count: int

    def fetch(self) -> Fetch:
        """A new pass over the dataset."""
        return fetch_of(self.dataset, self.batched, self.collate, self.drop_last)


def _sow(base_seed: int, worker: int) -> None:
    """Seed all generators of a worker, as PyTorch does."""
    random.seed(base_seed + worker)
    manual_seed(base_seed + worker)
    words = [worker, base_seed & 0xFFFFFFFF, base_seed >> 32, 0]
    devices.CPU.random.seed(devices.CPU.random.SeedSequence(words).generate_state(4))


def _work(work: Work, worker: int, orders: Any, results: Any) -> None:
    """The life of a worker: orders in, batches out, until the order is None or the loader's process is gone."""
    global _info
    recorder.current = None
    threads.set_count(1)
    _sow(work.base_seed, worker)
    _info = WorkerInfo(worker, work.count, work.base_seed + worker, work.dataset)
    parent = os.getppid()
    fetch: Fetch | None = None
    failure: _Failure | None = None
    try:
        if work.init is not None:
            work.init(worker)
        fetch = work.fetch()
    except Exception as error:  # of the user's code: it travels with the first batch
        failure = _failure(error, worker)
    try:
        while True:
            try:
                order = orders.get(timeout=_LOOK_ROUND)
            except queue.Empty:
                if os.getppid() != parent:
                    return
                continue
            if order is None:
                return
            if order == _RESUME:
                fetch = work.fetch()
                continue
            answer = failure if failure is not None or fetch is None else _made(work, fetch, order[0], worker)
            failure = None
            try:
                packed = ForkingPickler.dumps(answer)
            except Exception as error:  # whatever pickling a batch of the user's raises
                packed = ForkingPickler.dumps(_failure(error, worker))
            results.send_bytes(packed)
    except (KeyboardInterrupt, BrokenPipeError):
        return  # the loader's process was interrupted, or is gone


def _made(work: Work, fetch: Fetch, places: Any, worker: int) -> Any:
    try:
        return fetch(places)
    except Exception as error:  # of the user's code: it travels to the loader's process
        if isinstance(error, StopIteration) and isinstance(work.dataset, IterableDataset):
            return _Ended()
        return _failure(error, worker)


# ------------------------------------------------------------------------------------------------- in the loader's process


class Workers:
    """The workers of one loader. Each has ``prefetch`` orders at a time; batches come in the order of the sampler.

    timeout: seconds to wait for a batch, 0 for ever.
    """

    def __init__(self, work: Work, context: Any, prefetch: int, timeout: float, in_order: bool) -> None:
        self._count, self._prefetch, self._timeout, self._in_order = work.count, prefetch, timeout, in_order
        context = multiprocessing.get_context() if context is None else context
        self._orders: list[Any] = []
        self._results: list[Any] = []
        self._processes: list[Any] = []
        for worker in range(work.count):
            orders = context.Queue()
            orders.cancel_join_thread()
            receiver, sender = context.Pipe(duplex=False)
            process = context.Process(target=_work, args=(work, worker, orders, sender), daemon=True)
            process.start()
            sender.close()  # so that the worker's end shows
            self._orders.append(orders)
            self._results.append(receiver)
            self._processes.append(process)
        self._fresh = True

    def batches(self, sampler: Iterator[Any], again: bool) -> Iterator[Any]:
        """The batches of one pass, as they are asked for. ``again`` says that another pass may follow."""
        if not self._fresh:
            for orders in self._orders:
                orders.put(_RESUME)
        self._fresh = False
        alive = [True] * self._count
        waiting: deque[int] = deque()  # the workers that owe a batch, in the order of the sampler
        turn = 0

        def hand_out() -> None:
            """Give the next order to the worker whose turn it is."""
            nonlocal turn
            if not any(alive):
                return
            while not alive[turn % self._count]:
                turn += 1
            worker = turn % self._count
            for places in sampler:
                self._orders[worker].put((places,))
                waiting.append(worker)
                turn += 1
                return

        try:
            for _ in range(self._prefetch * self._count):
                hand_out()
            while waiting:
                worker = waiting.popleft() if self._in_order else self._first_ready(waiting)
                answer = self._take(worker)
                if isinstance(answer, _Ended):
                    alive[worker] = False
                    hand_out()
                    continue
                hand_out()
                if isinstance(answer, _Failure):
                    raise answer.again()
                yield answer
        finally:
            while waiting and again:  # who leaves early must not find old batches in the next pass
                self._drop(waiting.popleft())

    def _first_ready(self, waiting: deque[int]) -> int:
        ready = multiprocessing.connection.wait([self._results[w] for w in set(waiting)], self._timeout or None)
        worker = next((w for w in waiting if self._results[w] in ready), waiting[0])
        waiting.remove(worker)
        return worker

    def _take(self, worker: int) -> Any:
        """The next batch of a worker. Raises RuntimeError where it died or takes too long."""
        results = self._results[worker]
        if self._timeout > 0 and not results.poll(self._timeout):
            raise RuntimeError(f"DataLoader timed out after {self._timeout} seconds")
        try:
            packed = results.recv_bytes()
        except (EOFError, OSError) as error:
            process = self._processes[worker]
            process.join()
            raise RuntimeError(f"DataLoader worker (pid(s) {process.pid}) exited unexpectedly") from error
        return ForkingPickler.loads(packed)

    def _drop(self, worker: int) -> None:
        try:
            if self._processes[worker].is_alive():
                self._results[worker].recv_bytes()
        except (EOFError, OSError):
            return  # it is gone, and what it owed with it

    def stop(self) -> None:
        """End all workers."""
        for orders in self._orders:
            orders.put(None)
        for results in self._results:
            results.close()
        for process in self._processes:
            process.join(_GRACE)
            if process.is_alive():
                process.terminate()
                process.join()
        for orders in self._orders:
            orders.close()
        self._orders, self._results, self._processes = [], [], []
