"""Where arrays live: devices under PyTorch's names, and for each kind of device the module that computes there.

No op names numpy: it is given ``xp``, the array module of its inputs' device, which offers numpy's functions and a few
that numpy and cupy spell differently.
"""

from __future__ import annotations

import contextvars
import functools
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy

from .kernels.host import HOST
from .kernels.plain import KERNELS

# those that PyTorch knows; gradstep computes on the first two
_KINDS = (
    *("cpu", "cuda", "ipu", "xpu", "mkldnn", "opengl", "opencl", "ideep", "hip", "ve", "fpga", "maia", "xla", "lazy", "vulkan"),
    *("mps", "meta", "hpu", "mtia", "privateuseone"),
)


class NoGPUError(AssertionError, RuntimeError):
    """A GPU was asked for where there is none; PyTorch raises the one or the other, as it was built."""


class device:  # PyTorch spells it so
    """A place for tensors: ``device("cpu")``, ``device("cuda")``, ``device("cuda:1")``, ``device("cuda", 1)``.

    Raises RuntimeError for a name that is no device.
    """

    __slots__ = ("index", "type")

    type: str
    index: int | None

    def __init__(self, type: str | int | device, index: int | None = None) -> None:
        if isinstance(type, device):
            self.type, self.index = type.type, type.index
            return
        name = type if isinstance(type, str) else f"cuda:{type}"
        kind, colon, number = name.partition(":")
        if colon:
            if index is not None or not number.isdecimal():
                raise RuntimeError(f"Invalid device string: '{name}'")
            index = int(number)
        if kind not in _KINDS:
            raise RuntimeError(f"Expected one of {', '.join(_KINDS)} device type at start of device string: {kind}")
        self.type = kind
        self.index = index

    def __repr__(self) -> str:
        return f"device(type='{self.type}'" + (f", index={self.index})" if self.index is not None else ")")

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __reduce__(self) -> tuple[Any, ...]:
        return (device, (str(self),))

    def __enter__(self) -> device:
        """Inside, factory functions put tensors that name no device here."""
        _outer.append(_default_device)
        set_default_device(self)
        return self

    def __exit__(self, *_: object) -> None:
        set_default_device(_outer.pop())


class ArrayModule:
    """What ops compute with: the functions of an array module, and under one name what numpy and cupy spell differently.

    ``add_at(a, index, values)`` adds with repeated indices counted each time; ``as_strided(a, shape, strides)`` is a view;
    ``to_host(a)`` and ``from_host(a)`` move between the device and numpy; ``address(a)`` is where the first element lies.
    Beside them it has the kernels of ``kernels/plain.py``, composed of its functions or its own.

    A device that computes while Python goes on gives ``synchronize``, which waits until all that it was given is done, for an
    array on the device where that lies: ``to_host`` waits so, whichever stream made the values. ``count``: how many devices of
    the kind there are; where there are several, ``at(index)`` is the module of one of them.
    """

    def __init__(
        self,
        kind: str,
        module: Any,
        *,
        add_at: Callable[..., None],
        as_strided: Callable[..., Any],
        to_host: Callable[[Any], Any],
        from_host: Callable[[Any], Any],
        address: Callable[[Any], int],
        synchronize: Callable[[Any], None] | None = None,
        count: int = 1,
        own: dict[str, Callable[..., Any]] | None = None,
    ) -> None:
        self.kind = kind
        self.place = device(kind)
        self.module = module
        self.ndarray: Any = module.ndarray
        self.add_at = add_at
        self.as_strided = as_strided
        self.to_host = to_host if synchronize is None else _after(synchronize, to_host)
        self.from_host = from_host
        self.address = address
        self.synchronize = synchronize or _nothing
        self.count = count
        self._placed: dict[int, Placed] = {}
        self.__dict__.update(own or {})

    def at(self, index: int) -> ArrayModule:
        """The module of the ``index``-th device of the kind: this one where there is no other.

        Raises RuntimeError where there is no such device.
        """
        if not 0 <= index < self.count:
            raise RuntimeError(
                f"CUDA error: invalid device ordinal: there is no {self.kind}:{index}, {self.kind}:{self.count - 1} is the last device here"
            )
        if self.count == 1:
            return self
        found = self._placed.get(index)
        if found is None:
            found = self._placed[index] = Placed(self, index)
        return found

    def run(self, function: Callable[..., Any], *args: Any) -> Any:
        """``function(xp, *args)`` on the device, ``xp`` being the module for arrays that lie there."""
        return function(self, *args)

    def __getattr__(self, name: str) -> Any:
        if name in KERNELS:
            found: Any = functools.partial(KERNELS[name], self)
        else:
            found = getattr(self.module, name)  # AttributeError names the module
        setattr(self, name, found)  # the next look-up is a plain attribute
        return found

    def __repr__(self) -> str:
        return f"<array module of {self.kind}: {self.module.__name__}>"


def _nothing(array: Any = None) -> None:
    pass


def _after(synchronize: Callable[[Any], None], to_host: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def fetched(a: Any) -> Any:
        synchronize(a)
        return to_host(a)

    return fetched


class Placed(ArrayModule):
    """The module of one of several devices: what its functions do, they do there, wherever the thread computes otherwise."""

    def __init__(self, whole: ArrayModule, index: int) -> None:
        self.kind, self.module, self.ndarray, self.count = whole.kind, whole.module, whole.ndarray, whole.count
        self.to_host, self.address, self.at = whole.to_host, whole.address, whole.at  # type: ignore[method-assign]
        self._whole, self._index, self.place = whole, index, device(whole.kind, index)
        self.from_host, self.add_at, self.as_strided = map(self._there, (whole.from_host, whole.add_at, whole.as_strided))
        self.synchronize = self._there(whole.synchronize)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._whole, name)
        if callable(found) and not isinstance(found, type):
            found = self._there(found)
        setattr(self, name, found)
        return found

    def _there(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def called(*args: Any, **kwargs: Any) -> Any:
            with self.module.cuda.Device(self._index):
                return function(*args, **kwargs)

        return called

    def run(self, function: Callable[..., Any], *args: Any) -> Any:
        with self.module.cuda.Device(self._index):
            return function(self._whole, *args)


class Host(ArrayModule):
    """numpy, with kernels that are quicker on the host; ``own`` gives functions a place before numpy's."""

    def __init__(self, own: dict[str, Callable[..., Any]]) -> None:
        super().__init__(
            "cpu",
            numpy,
            add_at=numpy.add.at,
            as_strided=_as_strided,
            to_host=lambda a: a,
            from_host=lambda a: a,
            address=lambda a: int(a.__array_interface__["data"][0]),
            own=own,
        )


def _as_strided(a: Any, shape: Any, strides: Any) -> Any:
    """numpy's ``as_strided``, by a constructor that costs a tenth of it where the view stays inside of ``a``'s own piece of memory."""
    if a.flags.c_contiguous:
        try:
            return numpy.ndarray(shape, a.dtype, a, 0, strides)
        except ValueError:
            pass
    return numpy.lib.stride_tricks.as_strided(a, shape, strides)


CPU: ArrayModule = Host(HOST)
LARGE = 4096  # elements from which an op computes with ``wide(xp)``: below, calling costs more than other kernels win


@functools.cache
def wide(xp: ArrayModule) -> ArrayModule:
    """The module that computes with large arrays where ``xp`` does with small ones."""
    if xp is not CPU:
        return xp
    from .kernels import preparing  # none of these before there is a large array

    preparing.begin()
    try:
        from .kernels import memory, wide

        memory.keep_freed()
        made = Host(HOST)
        made.__dict__.update(wide.functions(made))
        return made
    finally:
        preparing.end()


_MODULES: dict[str, ArrayModule] = {"cpu": CPU}
_BY_TYPE: dict[type, ArrayModule] = {numpy.ndarray: CPU}
_lock = threading.Lock()
CPU_DEVICE = device("cpu")
_default_device = CPU_DEVICE
_outer: list[device] = []  # what was the default outside of ``with device(...)``


def quiet_context() -> Callable[..., Any]:
    """A function that calls another with numpy's floating-point warnings off. It serves one thread, and one call at a time."""
    context = contextvars.Context()
    context.run(numpy.seterr, all="ignore")
    return context.run


class _Quiet(threading.local):
    """``run`` calls a function with numpy's floating-point warnings off; each thread has its own."""

    def __init__(self) -> None:
        self.run = quiet_context()


_quiet = _Quiet()


def quietly(function: Callable[..., Any], *args: Any) -> Any:
    """``function(*args)`` without numpy's warnings of overflow and division by zero, which PyTorch does not give.

    Calling inside a prepared context costs a tenth of ``numpy.errstate`` and leaves the user's own setting alone.
    """
    try:
        return _quiet.run(function, *args)
    except RuntimeError as error:
        if not str(error).startswith("cannot enter context"):
            raise
    with numpy.errstate(all="ignore"):  # an op inside an op: a finalizer that computes
        return function(*args)


def register(module: ArrayModule) -> None:
    """Make ``module`` the one that computes on devices of its kind."""
    _MODULES[module.kind] = module
    _BY_TYPE[module.ndarray] = module


def _load_cupy() -> ArrayModule:
    try:
        import cupy
        import cupyx
    except ImportError as error:
        raise NoGPUError(
            "Torch not compiled with CUDA enabled: gradstep computes on NVIDIA GPUs with cupy, which is not installed "
            "here; pip install 'gradstep[cuda12]' or 'gradstep[cuda13]', to match the driver"
        ) from error
    try:
        count = int(cupy.cuda.runtime.getDeviceCount())
    except RuntimeError as error:  # the driver's
        raise NoGPUError(f"No CUDA GPUs are available: {error}") from error
    if not count:
        raise NoGPUError("No CUDA GPUs are available")

    def add_at(a: Any, index: Any, values: Any) -> None:
        if a.dtype == "int64":  # its kernels know the unsigned type, which adds the same bits
            cupyx.scatter_add(a.view("uint64"), index, cupy.asarray(values, "int64").view("uint64"))
        elif a.dtype.kind in "biu" and a.dtype.itemsize < 4:
            wide = a.astype("int32")
            cupyx.scatter_add(wide, index, values)
            a[...] = wide.astype(a.dtype)
        else:
            cupyx.scatter_add(a, index, values)

    module = ArrayModule(
        "cuda",
        cupy,
        add_at=add_at,
        as_strided=cupy.lib.stride_tricks.as_strided,
        to_host=cupy.asnumpy,
        from_host=cupy.asarray,
        address=lambda a: int(a.data.ptr),
        synchronize=lambda a: (cupy.cuda.Device() if a is None else a.device).synchronize(),
        count=count,
    )
    register(module)
    return module


def array_module(place: device) -> ArrayModule:
    """The module that computes on ``place``.

    Raises RuntimeError where the device cannot be used on this machine, saying what to install.
    """
    found = _MODULES.get(place.type)
    if found is None:
        if place.type != "cuda":
            raise RuntimeError(f"gradstep cannot compute on device {place}: it knows cpu and cuda")
        with _lock:
            found = _MODULES.get("cuda") or _load_cupy()
    return found if found is CPU or place.index is None else found.at(place.index)


def has_cuda() -> bool:
    """Whether there is a GPU to compute on, and what it takes to do so."""
    try:
        return bool(array_module(device("cuda")).count)
    except NoGPUError:
        return False


def synchronize() -> None:
    """Wait until the devices in use have done what they were given: then a clock can be read."""
    for module in list(_MODULES.values()):
        if module is not CPU:
            module.synchronize(None)


class Memory(NamedTuple):
    """Bytes of a GPU: all, those that nobody has, those of arrays here, those that were asked of the GPU for arrays."""

    total: int
    free: int
    used: int
    reserved: int


def memory(place: device) -> Memory:
    """How the memory of a GPU is used.

    Raises NoGPUError where there is none.
    """
    xp = array_module(place)
    at = xp.cuda.Device(xp.cuda.runtime.getDevice() if place.index is None else place.index)
    with at:
        free, total = at.mem_info
        pool = xp.module.get_default_memory_pool()
        return Memory(int(total), int(free), int(pool.used_bytes()), int(pool.total_bytes()))


def module_of(array: Any) -> ArrayModule:
    """The module that ``array`` belongs to."""
    found = _BY_TYPE.get(type(array))
    if found is None:
        raise TypeError(f"{type(array).__name__} is not an array of a known device")
    return found if found.count == 1 else found.at(int(array.device.id))


def copied(array: Any) -> Any:
    """A copy where ``array`` lies: cupy's own would lie on the GPU in use."""
    return array.copy() if type(array) is numpy.ndarray else module_of(array).copy(array)


def write(target: Any, source: Any) -> None:
    """Write an array, which broadcasts, into another; both on one device, or ``source`` on the CPU.

    Raises MemoryError where there is no room for what comes in between.
    """
    if type(target) is numpy.ndarray:
        target[...] = source
    else:
        module_of(target).run(_written, target, source)


def _written(xp: ArrayModule, target: Any, source: Any) -> None:
    target[...] = source


def is_array(value: Any) -> bool:
    """Whether ``value`` is an array of a device that is in use."""
    return type(value) in _BY_TYPE


def device_of(array: Any) -> device:
    """The device that ``array`` lies on."""
    if type(array) is numpy.ndarray:
        return CPU_DEVICE
    return device(module_of(array).kind, int(getattr(array.device, "id", 0)))


def default_device() -> device:
    """Where factory functions put tensors that name no device."""
    return _default_device


def set_default_device(place: device | str | None) -> None:
    """Choose where factory functions put tensors that name no device."""
    global _default_device
    _default_device = CPU_DEVICE if place is None else device(place)


def as_device(place: Any) -> device:
    """``place`` as a device; None is the default one."""
    return _default_device if place is None else place if isinstance(place, device) else device(place)
