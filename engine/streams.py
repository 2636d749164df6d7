"""Streams of random 32-bit words: the Mersenne Twister on the host, as PyTorch's CPU generator has it, and a counter-based
stream for every other device. What is made of the words stands in ``numbers_drawn.py``."""

from __future__ import annotations

import functools
import struct
from typing import Any, Protocol

from .devices import CPU, ArrayModule

_MASK = 0xFFFFFFFF
_WORDS = 624  # of state, in a Mersenne Twister
_HOST_STATE = struct.Struct(f"<QiiQ{_WORDS}Qdddi4xf?3x")  # PyTorch's CPUGeneratorImplState
_DEVICE_STATE = struct.Struct("<Qq")


class Stream(Protocol):
    """A stream of random words on one device.

    ``next_normal`` is the second number of a pair of normal ones of which only the first was asked for.
    """

    xp: ArrayModule
    next_normal: float | None

    def words(self, count: int) -> Any:
        """The next ``count`` words as a uint32 array of the device."""

    def double(self) -> float:
        """The next number from 0 to 1, of 53 bits, on the host."""

    def begin(self, seed: int) -> None:
        """Start the stream that belongs to ``seed``, an unsigned 64-bit number."""

    def snapshot(self) -> Any:
        """Where the stream is, for ``restore``."""

    def restore(self, kept: Any) -> None:
        """Go to where the stream was at ``snapshot``."""

    def pack(self, seed: int) -> bytes:
        """Where the stream is, as the bytes that PyTorch's ``get_state`` gives."""

    def unpack(self, state: bytes) -> int:
        """Go to where ``state`` says; gives the seed of that stream.

        Raises RuntimeError where the bytes are not a state of such a stream.
        """


class MersenneTwister:
    """MT19937 (Matsumoto and Nishimura, 1998), seeded by the lower 32 bits of the seed."""

    xp = CPU

    def __init__(self, seed: int) -> None:
        self.begin(seed)

    @functools.cached_property
    def _random(self) -> Any:
        """Made when it is first drawn from: a program that draws nothing does not load numpy.random."""
        return CPU.random.RandomState(self._seed)

    def begin(self, seed: int) -> None:
        self._seed = seed & _MASK
        self.__dict__.pop("_random", None)
        self.next_normal: float | None = None
        self._kept: Any = None  # the state, as long as nothing was drawn since it was asked for

    def words(self, count: int) -> Any:
        self._kept = None
        return self._random.randint(0, 2**32, count, dtype="uint32")

    def double(self) -> float:
        self._kept = None
        high, low = struct.unpack("<II", self._random.bytes(8))
        return float((high << 32 | low) & ((1 << 53) - 1)) * 2.0**-53

    def snapshot(self) -> Any:
        if self._kept is None:
            self._kept = (self._random, self._random.get_state(legacy=False))
        return (self._kept, self.next_normal)

    def restore(self, kept: Any) -> None:
        inner, self.next_normal = kept
        if inner is not self._kept:
            self._random, state = inner
            self._random.set_state(state)
            self._kept = inner

    def pack(self, seed: int) -> bytes:
        state = self.snapshot()[0][1]["state"]
        words, place = state["key"].tolist(), state["pos"]
        if place == _WORDS and words[0] == seed & _MASK:  # nothing drawn yet
            left, following = 1, 0
        else:
            left, following = _WORDS + 1 - place, place
        spare = self.next_normal
        return _HOST_STATE.pack(seed, left, 1, following, *words, 0.0, spare or 0.0, 0.0, spare is not None, 0.0, False)

    def unpack(self, state: bytes) -> int:
        if len(state) != _HOST_STATE.size:
            raise RuntimeError(
                f"Expected a CPUGeneratorImplState of size {_HOST_STATE.size} but found the input RNG state size to be {len(state)}"
            )
        seed, left, _, following, *rest = _HOST_STATE.unpack(state)
        place = _WORDS if left == 1 else following
        if not 0 <= place <= _WORDS:
            raise RuntimeError("RNG state is wrong size or damaged: it does not come from get_state()")
        self.begin(seed)
        self._random.set_state(("MT19937", rest[:_WORDS], place))
        self.next_normal = rest[_WORDS + 1] if rest[_WORDS + 3] else None
        return int(seed)


class Philox:
    """Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011): each block of four words is a
    function of the seed and of the block's number, so that where the stream is, is one number."""

    def __init__(self, seed: int, module: ArrayModule) -> None:
        self.xp = module
        self.begin(seed)

    def begin(self, seed: int) -> None:
        self._seed = seed
        self._block = 0
        self.next_normal: float | None = None

    def words(self, count: int) -> Any:
        xp = self.xp
        blocks = -(-count // 4)
        number = xp.arange(self._block, self._block + blocks, dtype="uint64")
        self._block += blocks
        mask, shift = xp.asarray(_MASK, "uint64"), xp.asarray(32, "uint64")
        first, second = number & mask, number >> shift
        third, fourth = xp.zeros_like(first), xp.zeros_like(first)
        low, high = self._seed & _MASK, self._seed >> 32
        for _ in range(10):
            one = first * xp.asarray(0xD2511F53, "uint64")
            two = third * xp.asarray(0xCD9E8D57, "uint64")
            first = (two >> shift) ^ second ^ xp.asarray(low, "uint64")
            third = (one >> shift) ^ fourth ^ xp.asarray(high, "uint64")
            second, fourth = two & mask, one & mask
            low, high = (low + 0x9E3779B9) & _MASK, (high + 0xBB67AE85) & _MASK
        return xp.stack([first, second, third, fourth], axis=1).astype("uint32").reshape(-1)[:count]

    def double(self) -> float:
        high, low = (int(w) for w in self.words(2))
        return float((high << 32 | low) & ((1 << 53) - 1)) * 2.0**-53

    def snapshot(self) -> Any:
        return (self._seed, self._block, self.next_normal)

    def restore(self, kept: Any) -> None:
        self._seed, self._block, self.next_normal = kept

    def pack(self, seed: int) -> bytes:
        return _DEVICE_STATE.pack(seed, self._block)

    def unpack(self, state: bytes) -> int:
        if len(state) != _DEVICE_STATE.size:
            raise RuntimeError(f"RNG state is wrong size: expected {_DEVICE_STATE.size} bytes, got {len(state)}")
        seed, block = _DEVICE_STATE.unpack(state)
        self.begin(seed)
        self._block = block
        return int(seed)
