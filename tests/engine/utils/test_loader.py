"""What worker processes of a DataLoader do beside what PyTorch's do: die, hang, and leave the tape alone."""

from __future__ import annotations

import os
import signal
import threading
from typing import Any

import pytest

import gradstep.engine as torch
from gradstep.engine.tape import recorder
from gradstep.engine.utils.data import DataLoader, Dataset, get_worker_info


class Rows(Dataset[Any]):
    """Five samples; ``make`` says what each is."""

    def __init__(self, make: Any) -> None:
        self.make = make

    def __len__(self) -> int:
        return 5

    def __getitem__(self, i: int) -> Any:
        return self.make(i)


def test_a_worker_that_dies_is_named() -> None:
    def die(i: int) -> int:
        if i == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return i

    with pytest.raises(RuntimeError, match=r"DataLoader worker \(pid\(s\) \d+\) exited unexpectedly"):
        list(DataLoader(Rows(die), num_workers=1))


def test_a_worker_that_hangs_is_not_waited_for() -> None:
    with pytest.raises(RuntimeError, match=r"DataLoader timed out after 0\.05 seconds"):
        list(DataLoader(Rows(lambda i: threading.Event().wait()), num_workers=1, timeout=0.05))


def test_a_tensor_with_a_graph_is_not_sent() -> None:
    with pytest.raises(RuntimeError, match="Cowardly refusing to serialize non-leaf tensor which requires_grad"):
        list(DataLoader(Rows(lambda i: torch.ones(2, requires_grad=True) * 2), num_workers=1))


def test_a_worker_records_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Tape:
        """Nothing but a mark: a call of it would raise."""

    loader = iter(DataLoader(Rows(lambda i: recorder.current is None), num_workers=1, collate_fn=lambda samples: samples))
    monkeypatch.setattr(recorder, "current", Tape())
    first = next(loader)  # the worker starts here
    monkeypatch.setattr(recorder, "current", None)
    assert [first, *loader] == [[True]] * 5


def test_dataset_with_getitems_is_asked_for_whole_batches() -> None:
    class Asked:
        calls: list[list[int]] = []  # noqa: RUF012

        def __len__(self) -> int:
            return 3

        def __getitem__(self, index: int) -> int:
            raise AssertionError("asked one by one")

        def __getitems__(self, indices: list[int]) -> list[int]:
            self.calls.append(indices)
            return [i * 10 for i in indices]

    assert [b.tolist() for b in DataLoader(Asked(), batch_size=2)] == [[0, 10], [20]]
    assert Asked.calls == [[0, 1], [2]]


def test_the_loaders_own_process_is_no_worker() -> None:
    assert get_worker_info() is None
