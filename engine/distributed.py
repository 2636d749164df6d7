"""``torch.distributed``: there is one process, and whoever asks is told so."""

from __future__ import annotations

from typing import Any


def is_available() -> bool:
    """Whether processes can work together: they cannot."""
    return False


def is_initialized() -> bool:
    """Whether processes work together: they do not."""
    return False


def is_nccl_available() -> bool:
    """Whether NCCL is there: it is not."""
    return False


def is_gloo_available() -> bool:
    """Whether Gloo is there: it is not."""
    return False


def is_mpi_available() -> bool:
    """Whether MPI is there: it is not."""
    return False


def is_torchelastic_launched() -> bool:
    """Whether torchrun started the process: it did not."""
    return False


def __getattr__(name: str) -> Any:
    raise AttributeError(
        f"module 'torch.distributed' has no attribute {name!r}: there is one process; ask torch.distributed.is_available()"
    )
