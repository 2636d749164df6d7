"""``torch.backends``: what computes, as scripts ask and set it. What is set is kept and changes nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from .. import devices


class Backend:
    """A library that PyTorch computes with: settings that are kept, and whether it is there."""

    def __init__(self, name: str, available: bool, **settings: Any) -> None:
        self.__dict__.update(settings)
        self.__name__ = f"torch.backends.{name}"
        self._available = available

    def is_available(self) -> bool:
        """Whether it is there."""
        return self._available

    is_built = is_available

    @contextlib.contextmanager
    def flags(self, **settings: Any) -> Iterator[None]:
        """Settings inside a region."""
        found = {name: self.__dict__.get(name) for name in settings}
        self.__dict__.update(settings)
        try:
            yield
        finally:
            self.__dict__.update(found)

    def __repr__(self) -> str:
        return f"<{self.__name__}: settings that are kept>"


class _Cudnn(Backend):
    """cuDNN, which cupy's convolutions here do not use."""

    def version(self) -> None:
        """None: it is not used."""


class _Cuda(Backend):
    """What CUDA is used with."""

    def is_built(self) -> bool:
        """Whether there is a GPU to compute on, and cupy to do so."""
        return devices.has_cuda()

    def flash_sdp_enabled(self) -> bool:
        """Whether attention may use the kernel of that name: kept."""
        return bool(self.__dict__["_flash"])

    def enable_flash_sdp(self, enabled: bool) -> None:
        """Kept: attention is computed by its formula."""
        self.__dict__["_flash"] = enabled

    def mem_efficient_sdp_enabled(self) -> bool:
        """Whether attention may use the kernel of that name: kept."""
        return bool(self.__dict__["_efficient"])

    def enable_mem_efficient_sdp(self, enabled: bool) -> None:
        """Kept: attention is computed by its formula."""
        self.__dict__["_efficient"] = enabled

    def math_sdp_enabled(self) -> bool:
        """Whether attention may be computed by its formula: it always is."""
        return True

    def enable_math_sdp(self, enabled: bool) -> None:
        """Nothing: it always is."""


cudnn = _Cudnn(
    "cudnn", False, enabled=True, benchmark=False, benchmark_limit=10, deterministic=False, allow_tf32=True, fp32_precision="none"
)
cuda = _Cuda("cuda", False, matmul=Backend("cuda.matmul", False, allow_tf32=False, fp32_precision="none"), _flash=True, _efficient=True)
mps = Backend("mps", False)
mkl = Backend("mkl", False)
mkldnn = Backend("mkldnn", False, enabled=True)
openmp = Backend("openmp", True)
opt_einsum = Backend("opt_einsum", False, enabled=False, strategy=None)
