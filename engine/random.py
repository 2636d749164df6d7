"""Random number generators with PyTorch's names, and the state of all of them as something that can be kept and put back."""

from __future__ import annotations

import contextlib
import os
import weakref
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import Any

from . import devices
from .autograd.grad_mode import mode
from .devices import device
from .streams import MersenneTwister, Philox, Stream
from .tensor import Tensor, wrap

_DEFAULT_SEED = 67280421310721  # PyTorch's


class Generator:
    """A stream of random numbers on a device: on the CPU PyTorch's own, number by number."""

    __slots__ = ("__weakref__", "_seed", "device", "stream")

    stream: Stream

    def __init__(self, device: Any = "cpu") -> None:
        self.device = devices.device(device)
        self._seed = _DEFAULT_SEED
        if self.device.type == "cpu":
            self.stream = MersenneTwister(self._seed)
        else:
            self.stream = Philox(self._seed, devices.array_module(self.device))
        _generators.append(weakref.ref(self, _generators.remove))

    def manual_seed(self, seed: int) -> Generator:
        """Begin the stream that belongs to ``seed``.

        Raises ValueError for a number of more than 64 bits.
        """
        if not -(2**63) <= seed < 2**64:
            raise ValueError("Overflow when unpacking long long: a seed has 64 bits")
        self._seed = seed % 2**64
        self.stream.begin(self._seed)
        return self

    def seed(self) -> int:
        """Begin a stream that nobody can foresee; gives its seed."""
        self.manual_seed(int.from_bytes(os.urandom(8), "little") >> 11)
        return self._seed

    def initial_seed(self) -> int:
        """The seed of the stream."""
        return self._seed

    def get_state(self) -> Tensor:
        """Where the stream is, as a uint8 tensor; of the CPU's with the bytes that PyTorch gives."""
        return wrap(devices.CPU.frombuffer(bytearray(self.stream.pack(self._seed)), "uint8"))

    def set_state(self, new_state: Tensor) -> Generator:
        """Go to where the stream was at ``get_state``, here or in PyTorch.

        Raises TypeError for what is no uint8 tensor and RuntimeError for one that is no state.
        """
        if not isinstance(new_state, Tensor) or new_state.dtype.name != "uint8":
            found = new_state.dtype if isinstance(new_state, Tensor) else type(new_state).__name__
            raise TypeError(f"RNG state must be a torch.ByteTensor, got {found}")
        self._seed = self.stream.unpack(new_state._xp.to_host(new_state._data).tobytes())
        return self

    def clone_state(self) -> Generator:
        """Another generator at the same place of the same stream."""
        other = Generator(self.device)
        return other.set_state(self.get_state())

    def __repr__(self) -> str:
        return f"<torch.Generator on {self.device}, seed {self._seed}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return (_unpickled, (str(self.device), self.stream.pack(self._seed)))


def _unpickled(place: str, state: bytes) -> Generator:
    made = Generator(place)
    made._seed = made.stream.unpack(state)
    return made


_generators: list[weakref.ref[Generator]] = []  # all that live, for snapshots
default_generator = Generator()
_of_devices: dict[str, Generator] = {}


def _outside(*_: Any) -> Any:
    raise AssertionError("transforms are entered by autograd/vmap.py, which sets what draws do in them")


before_draw: Callable[[device], None] = _outside  # set by autograd/vmap.py: raises where a draw is not allowed
per_sample: Callable[..., Any] = _outside  # set by autograd/vmap.py: calls a function that draws, once a sample where samples differ


def drawing(function: Any) -> Any:
    """Decorator for a function that draws: inside ``vmap`` it may have to run once a sample."""

    @wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if mode.transforms:
            return per_sample(function, args, kwargs)
        return function(*args, **kwargs)

    return wrapper


def generator_for(place: device, generator: Generator | None = None) -> Generator:
    """The generator to draw with for a tensor on ``place``: the given one, or the device's own.

    Raises RuntimeError for a generator of another kind of device.
    """
    if mode.transforms:
        before_draw(place)
    if generator is not None:
        if generator.device.type != place.type:
            raise RuntimeError(f"Expected a '{place.type}' device type for generator but found '{generator.device.type}'")
        return generator
    if place.type == "cpu":
        return default_generator
    name = f"{place.type}:{place.index or 0}"
    found = _of_devices.get(name)
    if found is None:
        found = _of_devices[name] = Generator(name).manual_seed(default_generator._seed)
    return found


def snapshot() -> Any:
    """Where all generators are, for ``restore``; quick where nothing was drawn since the last time."""
    return [(g, g._seed, g.stream.snapshot()) for g in [ref() for ref in _generators] if g is not None]


def restore(state: Any) -> None:
    """Put all generators back to where they were at ``snapshot``."""
    for g, seed, inner in state:
        g._seed = seed
        g.stream.restore(inner)


def manual_seed(seed: Any) -> Generator:
    """Begin the streams of all devices anew from ``seed``; gives the CPU's generator."""
    seed = int(seed)
    for g in _of_devices.values():
        g.manual_seed(seed)
    return default_generator.manual_seed(seed)


def seed() -> int:
    """Begin streams on all devices that nobody can foresee; gives their seed."""
    made = default_generator.seed()
    for g in _of_devices.values():
        g.manual_seed(made)
    return made


def initial_seed() -> int:
    """The seed of the CPU's stream."""
    return default_generator.initial_seed()


def get_rng_state() -> Tensor:
    """Where the CPU's stream is, as a uint8 tensor."""
    return default_generator.get_state()


def set_rng_state(new_state: Tensor) -> None:
    """Go to where the CPU's stream was at ``get_rng_state``; errors as ``Generator.set_state``."""
    default_generator.set_state(new_state)


@contextlib.contextmanager
def fork_rng(devices: Iterable[Any] | None = None, enabled: bool = True, **_: Any) -> Iterator[None]:
    """Inside, random numbers are drawn as ever; afterwards the streams are where they were before.

    ``devices`` names the GPUs whose streams are kept too; None is all that were used.
    """
    if not enabled:
        yield
        return
    used = list(_of_devices.values()) if devices is None else [generator_for(device(d)) for d in devices]
    kept = [(g, g._seed, g.stream.snapshot()) for g in (default_generator, *used)]
    try:
        yield
    finally:
        restore(kept)


__all__ = [
    "Generator", "default_generator", "fork_rng", "get_rng_state", "initial_seed", "manual_seed", "seed", "set_rng_state",
]  # fmt: skip
