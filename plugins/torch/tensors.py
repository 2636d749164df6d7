"""What is asked of a tensor of PyTorch's: its words, its elements, its figures. Without a trace in autograd."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from gradstep.engine.tape.schema import Stats, Val

FREED = "the script has freed the storage of this tensor (untyped_storage().resize_): it has no elements now"


def dtype_name(dtype: torch.dtype) -> str:
    """``float32`` for ``torch.float32``."""
    return str(dtype)[6:]


def is_leaf(tensor: torch.Tensor) -> bool:
    """Whether no node made a tensor. PyTorch does not say of a view that was made without grad and whose base was changed since, as of the
    row that ``nn.Embedding`` sets to 0 for its padding: no."""
    try:
        return bool(tensor.is_leaf)
    except RuntimeError:
        return False


@contextmanager
def plainly() -> Iterator[None]:
    """Inside it, tensors are looked at as they are: no autograd, no mode and no subclass that overrides functions has a say."""
    with torch.no_grad(), torch._C.DisableTorchFunction(), torch._C._DisableTorchDispatch():
        yield


def held(data: torch.Tensor) -> None:
    """Raises ValueError where the script has made the storage of a tensor smaller than the tensor, as FSDP does with parameters
    (``untyped_storage().resize_(0)``): PyTorch itself would read what is not there."""
    if data.layout is not torch.strided or data.device.type == "meta":
        return
    size, there = data.element_size(), data.untyped_storage().nbytes()
    if size * (data.storage_offset() + data.numel()) <= there or not data.numel():
        return
    last = data.storage_offset() + sum([(count - 1) * step for count, step in zip(data.shape, data.stride())])  # noqa: B905
    if size * (last + 1) > there:
        raise ValueError(FREED)


def elements(tensor: torch.Tensor) -> torch.Tensor:
    """The elements in the CPU's memory, strided; those of a sparse or quantized tensor too. Call it ``plainly``."""
    if type(tensor).__torch_dispatch__ is not torch.Tensor.__torch_dispatch__:
        raise ValueError(f"a {type(tensor).__name__} has no elements of its own")
    data = tensor.detach()
    held(data)
    if data.layout is not torch.strided:
        data = data.to_dense()
    if data.is_quantized:
        data = data.dequantize()
    if data.device.type == "meta":
        raise ValueError("a tensor on the meta device has no elements")
    return data.cpu().resolve_conj().resolve_neg()


def raw(data: torch.Tensor) -> bytes:
    """Little-endian bytes in C order of what ``elements`` gave."""
    flat = data.contiguous().reshape(-1)
    if flat.numel() == 0:
        return b""
    storage = flat.view(torch.uint8) if flat.dtype is not torch.bool else flat.to(torch.uint8)
    return ctypes.string_at(storage.data_ptr(), storage.numel())  # after ``numpy`` a storage cannot be resized any more


def figures(number: int, version: int, data: torch.Tensor) -> Stats:
    """Exact statistics of what ``elements`` gave, in float64; complex values by modulus."""
    flat = data.reshape(-1)
    if flat.is_complex():
        flat = flat.abs()
    flat = flat.to(torch.float64)
    count = flat.numel()
    val = Val(number, version)
    if not count:
        return Stats(val, 0, 0.0, math.nan, math.nan, math.nan, 0, 0, 0, 0)
    norm, total = float(torch.linalg.vector_norm(flat)), float(flat.sum())
    zeros = count - int(torch.count_nonzero(flat))
    if math.isfinite(total) and math.isfinite(norm):
        low, high = torch.aminmax(flat)
        return Stats(val, count, norm, float(low), float(high), total / count, zeros, 0, 0, 0)
    nans, above, below = int(flat.isnan().sum()), int((flat == math.inf).sum()), int((flat == -math.inf).sum())
    finite = flat[flat.isfinite()]
    if not nans and not above and not below:  # the sum overflowed, or the square did
        top = float(flat.abs().max())
        low, high = torch.aminmax(flat)
        return Stats(
            val,
            count,
            top * float(torch.linalg.vector_norm(flat / top)),
            float(low),
            float(high),
            float((flat / count).sum()),
            zeros,
            0,
            0,
            0,
        )
    if not finite.numel():
        return Stats(val, count, norm, math.nan, math.nan, math.nan, zeros, nans, above, below)
    low, high = torch.aminmax(finite)
    return Stats(val, count, norm, float(low), float(high), float(finite.mean()), zeros, nans, above, below)


def histogram(data: torch.Tensor, bins: int, low: float | None, high: float | None) -> tuple[float | None, float | None, int, bytes]:
    """Ends, how many are not finite, and the counts as int64, of what ``elements`` gave."""
    flat = data.reshape(-1)
    flat = (flat.abs() if flat.is_complex() else flat).to(torch.float64)
    finite = flat[flat.isfinite()]
    if not finite.numel():
        return None, None, flat.numel(), bytes(8 * bins)
    low = float(finite.min()) if low is None else low
    high = float(finite.max()) if high is None else high
    end = high if high > low else low + 1.0
    counts = torch.histc(finite, bins, low, end).to(torch.int64)
    return low, high, flat.numel() - finite.numel(), raw(counts)


def flat(values: Sequence[Any] | dict[Any, Any], found: list[torch.Tensor]) -> list[torch.Tensor]:
    """The tensors in arguments or results, also in lists and dictionaries, in order."""
    for value in values.values() if isinstance(values, dict) else values:
        if isinstance(value, torch.Tensor):
            found.append(value)
        elif isinstance(value, (tuple, list, dict)):
            flat(value, found)
    return found
