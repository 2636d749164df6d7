"""What the recorder looks at of the engine's tensors and nodes: it imports nothing of the engine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol


class StorageLike(Protocol):
    """What a tensor, its views and its detached aliases share. ``id`` is that of the first tensor with it that the recorder met."""

    id: int
    version: int


class TensorLike(Protocol):
    """What the recorder looks at of a tensor. ``_id`` is 0 until the recorder sets it.

    ``_cell`` is None while nobody shares the memory or changed it; one that is made later begins with the tensor's ``_id``."""

    _id: int
    _data: Any
    _name: str

    @property
    def _cell(self) -> StorageLike | None: ...
    @property
    def _base(self) -> Any: ...
    @property
    def dtype(self) -> Any: ...
    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def device(self) -> Any: ...
    @property
    def is_leaf(self) -> bool: ...
    @property
    def requires_grad(self) -> bool: ...


class NodeLike(Protocol):
    """What the recorder looks at of a backward node. ``id`` is 0 until the recorder sets it."""

    id: int

    def name(self) -> str: ...
    @property
    def sequence(self) -> int: ...
    @property
    def kind(self) -> int: ...
    @property
    def metas(self) -> Sequence[tuple[str, tuple[int, ...], str] | None]: ...
    @property
    def next_edges(self) -> Sequence[tuple[Any, int] | None]: ...
    @property
    def variable(self) -> Any: ...
    def kept(self) -> Sequence[tuple[str, Any, Any]] | None:
        """Of what the node keeps the name and the tensor, or of an output the data, both None where a user's hook packed it.
        None where only ``saved_entries`` can say."""

    def saved_entries(self) -> Iterable[tuple[str, Any]]: ...
