"""The loader where it differs from PyTorch's: no worker processes."""

from __future__ import annotations

import warnings

import pytest

from gradstep.engine.utils.data import DataLoader, get_worker_info, loader


def test_workers_are_refused_once_with_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader, "_told", False)
    with pytest.warns(UserWarning, match="num_workers > 0 has no effect"):
        first = DataLoader(range(4), batch_size=2, num_workers=2, persistent_workers=True, prefetch_factor=3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        DataLoader(range(4), num_workers=2)
    assert [b.tolist() for b in first] == [[0, 1], [2, 3]]
    assert get_worker_info() is None


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
