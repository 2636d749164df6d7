"""``torch.version``: the version of PyTorch that this engine is spelled like, and what it is built with."""

from __future__ import annotations


class TorchVersion(str):
    """A version that compares by its numbers, with strings and tuples: ``torch.__version__ >= (2, 0)``."""

    __slots__ = ()

    def _compared(self, other: object) -> tuple[tuple[int, ...], tuple[int, ...]]:
        return _numbers(str(self)), tuple(other) if isinstance(other, tuple) else _numbers(str(other))

    def __lt__(self, other: object) -> bool:
        mine, theirs = self._compared(other)
        return mine < theirs

    def __le__(self, other: object) -> bool:
        mine, theirs = self._compared(other)
        return mine[: len(theirs)] <= theirs

    def __gt__(self, other: object) -> bool:
        return not self <= other

    def __ge__(self, other: object) -> bool:
        return not self < other


def _numbers(text: str) -> tuple[int, ...]:
    parts = text.partition("+")[0].split(".")
    return tuple(int(digits) for part in parts if (digits := "".join(c for c in part if c.isdigit())))


__version__ = TorchVersion("2.13.0+gradstep")
cuda: str | None = None
hip: str | None = None
git_version = "unknown"
debug = False
