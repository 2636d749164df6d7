"""The old classes of tensors by element type, ``torch.FloatTensor`` and the like: they make tensors, and ``isinstance`` asks them."""

from __future__ import annotations

from typing import Any

from . import creation, devices, dtypes
from .tensor import Tensor


class _Kind(type):
    """The type of those classes: a tensor is an instance where its type and device are theirs."""

    kind: dtypes.dtype
    place: str

    def __call__(cls, *args: Any) -> Any:
        """A tensor of a size (uninitialised in PyTorch; here zeros), of data, or empty."""
        place = devices.device(cls.place)
        if args and all(isinstance(a, int) and not isinstance(a, bool) for a in args):
            return creation.zeros(args, dtype=cls.kind, device=place)
        data = args[0] if args else []
        if isinstance(data, tuple) and type(data) is not tuple:  # a Size
            return creation.zeros(data, dtype=cls.kind, device=place)
        return creation.tensor(data.detach() if isinstance(data, Tensor) else data, dtype=cls.kind, device=place)

    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, Tensor) and value.dtype is cls.kind and value.device.type == cls.place

    def __repr__(cls) -> str:
        return f"<class 'torch.{'cuda.' if cls.place == 'cuda' else ''}{cls.__name__}'>"

    @property
    def dtype(cls) -> dtypes.dtype:
        """The element type."""
        return cls.kind


def classes(place: str) -> dict[str, Any]:
    """The classes for tensors on a kind of device, by name."""
    made = {}
    for kind in dtypes.ALL:
        if kind in (dtypes.uint16, dtypes.uint32, dtypes.uint64, dtypes.complex64, dtypes.complex128):
            continue  # PyTorch has none for them
        name = f"{kind.legacy}Tensor"
        body = {
            "kind": kind,
            "place": place,
            "__doc__": f"Makes tensors of {kind!r}; ``torch.tensor(..., dtype={kind!r})`` does it better.",
        }
        made[name] = _Kind(name, (), body)
    return made


TORCH = classes("cpu")
