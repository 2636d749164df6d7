"""What ops of several named results give: tuples with names that print as PyTorch's ``torch.return_types``."""

from __future__ import annotations

from typing import Any


class Result(tuple[Any, ...]):
    """A tuple of tensors whose entries have names."""

    __slots__ = ()
    _name = ""
    _fields: tuple[str, ...] = ()

    def __getattr__(self, name: str) -> Any:
        if name in self._fields:
            return self[self._fields.index(name)]
        raise AttributeError(f"'torch.return_types.{self._name}' object has no attribute '{name}'")

    def __repr__(self) -> str:
        return f"torch.return_types.{self._name}(\n" + ",\n".join(f"{n}={v!r}" for n, v in zip(self._fields, self, strict=True)) + ")"


def result_type(name: str, *fields: str) -> type[Result]:
    """The type of the results of the op ``name``."""
    return type(name, (Result,), {"__slots__": (), "_name": name, "_fields": fields})
