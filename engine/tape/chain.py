"""A sequence that grows at its end without being copied: whoever holds an earlier one shares its members."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")


class Chain(Sequence[T], Generic[T]):
    """Never changes; ``longer`` and ``shorter`` give others, in no time. It equals a tuple with the same members."""

    __slots__ = ("_before", "_last", "_length")

    def __init__(self, before: Chain[T] | None = None, last: Any = None) -> None:
        self._before, self._last = before, last
        self._length: int = 0 if before is None else before._length + 1

    def longer(self, member: T) -> Chain[T]:
        """With one more at the end."""
        return Chain(self, member)

    @property
    def shorter(self) -> Chain[T]:
        """Without the last. Raises IndexError where there is none."""
        if self._before is None:
            raise IndexError("the chain is empty")
        return self._before

    def before(self, member: T) -> Chain[T] | None:
        """What stands before the last place of a member; None where it is not there."""
        chain = self
        while chain._before is not None:
            if chain._last == member:
                return chain._before
            chain = chain._before
        return None

    def __reversed__(self) -> Iterator[T]:
        chain = self
        while chain._before is not None:
            yield chain._last
            chain = chain._before

    def __iter__(self) -> Iterator[T]:
        return reversed(list(reversed(self)))

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[T, ...]: ...
    def __getitem__(self, index: int | slice) -> T | tuple[T, ...]:
        if index == -1 and self._before is not None:
            last: T = self._last
            return last
        return tuple(self)[index]

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Chain):
            return self._length == other._length and all(a == b for a, b in zip(reversed(self), reversed(other), strict=True))
        return isinstance(other, tuple) and tuple(self) == other

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return f"Chain{tuple(self)!r}"


EMPTY: Chain[Any] = Chain()
