"""A strict stand-in for cupy: arrays on a pretended device that refuse to mix with numpy or to become numpy by themselves.

It computes with numpy inside, so that every op can be run "on the device" where no GPU is. It is stricter than cupy: what
passes here names no numpy function and hands no numpy array to a function of the device.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy

from gradstep.engine import devices

# functions of numpy that cupy does not have, or has with less
LACKING = frozenset(
    {"vectorize", "frompyfunc", "nditer", "matrix", "datetime64", "void", "loadtxt", "asmatrix", "bmat", "busday_count", "fromregex"}
)


class OutOfMemoryError(MemoryError):
    __module__ = "cupy.cuda.memory"


class Machine:
    """The pretended GPUs: which is in use, what was asked of them and not waited for, when their memory runs out."""

    def __init__(self) -> None:
        self.current = 0
        self.asynchronous = False  # arrays are not finished until the device is waited for
        self.asked = self.done = 0
        self.room: int | None = None  # allocations that there is memory for
        self.size = 2**30

    def made(self, size: int) -> None:
        self.asked += 1
        if self.room is not None:
            if self.room == 0:
                raise OutOfMemoryError(f"Out of memory allocating {size:,} bytes (allocated so far: 1,024 bytes).")
            self.room -= 1

    def synchronize(self) -> None:
        self.done = self.asked


MACHINE = Machine()


class Device:
    """As ``cupy.cuda.Device``."""

    def __init__(self, id: int | None = None) -> None:
        self.id = MACHINE.current if id is None else id
        self._before: list[int] = []

    def __enter__(self) -> Device:
        self._before.append(MACHINE.current)
        MACHINE.current = self.id
        return self

    def __exit__(self, *_: object) -> None:
        MACHINE.current = self._before.pop()

    def synchronize(self) -> None:
        MACHINE.synchronize()

    @property
    def mem_info(self) -> tuple[int, int]:
        return 2**20, MACHINE.size


class ndarray:
    """An array of the pretended device."""

    __slots__ = ("_a", "_made", "_place")
    __array_priority__ = 10_000
    __array_ufunc__ = None  # numpy's operators give way

    def __init__(self, a: numpy.ndarray, place: int | None = None) -> None:
        self._a = a
        if a.base is None and place is None:
            MACHINE.made(a.nbytes)
        self._made = MACHINE.asked
        self._place = MACHINE.current if place is None else place

    @property
    def device(self) -> Device:
        return Device(self._place)

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise TypeError("Implicit conversion to a NumPy array is not allowed. Please use `.get()` to construct a NumPy array explicitly.")

    def get(self) -> Any:
        assert not MACHINE.asynchronous or self._made <= MACHINE.done, "read before the device was done"
        return self._a.copy()

    def item(self) -> Any:
        return self.get().item()

    def tolist(self) -> Any:
        return self.get().tolist()

    def copy(self, order: str = "C") -> Any:  # from another device too
        return ndarray(self._a.copy(order))

    @property
    def base(self) -> Any:
        base = self._a.base
        return ndarray(base, self._place) if isinstance(base, numpy.ndarray) else base

    @property
    def flags(self) -> Any:
        return _Flags(self._a)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__array"):  # by which numpy would take the elements
            raise AttributeError(name)
        found = getattr(self._a, name)
        if callable(found):
            if name in ("view", "transpose", "swapaxes", "squeeze"):  # another look at the same memory, wherever it is
                return lambda *args, **kwargs: ndarray(found(*args, **kwargs), self._place)
            _unwrap(self, name)
            return _guarded(found, name)
        return _wrap(found)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in ndarray.__slots__:
            object.__setattr__(self, name, value)
        else:
            setattr(self._a, name, _unwrap(value, name))

    def __getitem__(self, index: Any) -> Any:
        return _wrap(self._a[_unwrap(index, "__getitem__")], self)

    def __setitem__(self, index: Any, value: Any) -> None:
        _unwrap(self, "__setitem__")
        self._a[_unwrap(index, "__setitem__")] = _unwrap(value, "__setitem__")

    def __len__(self) -> int:
        return len(self._a)

    def __iter__(self) -> Any:
        return (self[i] for i in range(len(self._a)))

    def __bool__(self) -> bool:
        return bool(self._a)

    def __int__(self) -> int:
        return int(self._a)

    def __float__(self) -> float:
        return float(self._a)

    def __index__(self) -> int:
        return operator.index(self._a)

    def __repr__(self) -> str:
        return f"standin({self._a!r})"


class _Flags:
    """cupy's flags cannot be written."""

    def __init__(self, a: numpy.ndarray) -> None:
        self.c_contiguous = a.flags.c_contiguous
        self.f_contiguous = a.flags.f_contiguous
        self.owndata = a.flags.owndata


def _wrap(value: Any, source: Any = None) -> Any:
    if isinstance(value, numpy.ndarray):
        return ndarray(value)
    if isinstance(value, numpy.generic):
        return ndarray(numpy.asarray(value))  # cupy's reductions give 0-d arrays
    if type(value) is tuple or type(value) is list:
        return type(value)(_wrap(v) for v in value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(_wrap(v) for v in value))
    return value


def _unwrap(value: Any, name: str) -> Any:
    if isinstance(value, ndarray):
        if value._place != MACHINE.current:
            raise ValueError(
                f"{name}: Array device must be same as the current device: array device = {value._place} while current = {MACHINE.current}"
            )
        return value._a
    if isinstance(value, numpy.ndarray):
        raise TypeError(f"{name}: Unsupported type <class 'numpy.ndarray'>")
    if type(value) in (tuple, list):
        return type(value)(_unwrap(v, name) for v in value)
    if type(value) is dict:
        return {k: _unwrap(v, name) for k, v in value.items()}
    return value


def _guarded(function: Any, name: str) -> Any:
    def call(*args: Any, **kwargs: Any) -> Any:
        return _wrap(function(*_unwrap(args, name), **_unwrap(kwargs, name)))

    return call


def _binary(name: str) -> Any:
    function = getattr(operator, name, None)

    def forward(self: ndarray, other: Any) -> Any:
        return _wrap(function(self._a, _unwrap(other, name)))  # type: ignore[misc]

    def backward(self: ndarray, other: Any) -> Any:
        return _wrap(function(_unwrap(other, name), self._a))  # type: ignore[misc]

    return forward, backward


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and_", "or_", "xor", "lshift", "rshift"):
    _f, _b = _binary(_name)
    setattr(ndarray, f"__{_name.rstrip('_')}__", _f)
    setattr(ndarray, f"__r{_name.rstrip('_')}__", _b)
for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    setattr(ndarray, f"__{_name}__", _binary(_name)[0])
for _name in ("neg", "pos", "abs", "invert"):
    setattr(ndarray, f"__{_name}__", (lambda f: lambda self: _wrap(f(self._a)))(getattr(operator, _name)))


def _inplace(name: str) -> Any:
    function = getattr(operator, name)

    def change(self: ndarray, other: Any) -> Any:
        self._a = function(self._a, _unwrap(other, name))
        return self

    return change


for _name in ("iadd", "isub", "imul", "itruediv", "ifloordiv", "iand", "ior", "ixor"):
    setattr(ndarray, f"__{_name}__", _inplace(_name))


class _Module:
    """numpy's functions over the stand-in's arrays, those that cupy has."""

    __name__ = "standin"

    def __init__(self, module: Any, name: str = "standin") -> None:
        self._module = module
        self.__name__ = name

    def __getattr__(self, name: str) -> Any:
        if name in LACKING:
            raise AttributeError(f"module 'cupy' has no attribute {name!r}")
        if name == "ndarray":
            return ndarray
        if name == "cuda":
            return Cuda
        if name == "get_default_memory_pool":
            return Pool
        if name == "copy":
            return lambda a: a.copy()
        if name == "broadcast":  # a class
            return _guarded(numpy.broadcast, name)
        found = getattr(self._module, name)
        if isinstance(found, type) or not callable(found):
            return _Module(found, f"{self.__name__}.{name}") if type(found).__name__ == "module" else found
        if isinstance(found, numpy.ufunc):
            return _Ufunc(found)
        return _guarded(found, name)


class _Ufunc:
    def __init__(self, function: numpy.ufunc) -> None:
        self._function = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return _wrap(self._function(*_unwrap(args, self._function.__name__), **_unwrap(kwargs, self._function.__name__)))

    def __getattr__(self, name: str) -> Any:
        if name == "at":
            raise AttributeError("cupy: use xp.add_at")
        return _guarded(getattr(self._function, name), name)


def _add_at(a: ndarray, index: Any, values: Any) -> None:
    numpy.add.at(a._a, _unwrap(index, "add_at"), _unwrap(values, "add_at"))


class Pool:
    """As cupy's memory pool."""

    used, total, limit = 0, 0, None

    def malloc(self, size: int) -> str:
        Pool.used += size
        Pool.total = max(Pool.total, Pool.used)
        return "memory"

    def used_bytes(self) -> int:
        return Pool.used

    def total_bytes(self) -> int:
        return Pool.total

    def free_all_blocks(self) -> None:
        Pool.total = Pool.used

    def set_limit(self, size: int | None = None, fraction: float | None = None) -> None:
        Pool.limit = fraction


class Event:
    """As ``cupy.cuda.Event``; a step of the machine takes a millisecond."""

    def __init__(self, block: bool = False, disable_timing: bool = False, interprocess: bool = False) -> None:
        self.at = 0

    @property
    def done(self) -> bool:
        return self.at <= MACHINE.done

    def record(self, stream: Stream | None = None) -> None:
        self.at = MACHINE.asked

    def synchronize(self) -> None:
        MACHINE.done = max(MACHINE.done, self.at)


class Stream:
    """As ``cupy.cuda.Stream``."""

    null: Any = None
    current: list[Any] = []  # noqa: RUF012

    def __init__(self, null: bool = False, non_blocking: bool = False) -> None:
        self.ptr = 0 if null else id(self)

    def __enter__(self) -> Stream:
        Stream.current.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        Stream.current.pop()

    def use(self) -> Stream:
        Stream.current[-1:] = [self]
        return self

    @property
    def done(self) -> bool:
        return MACHINE.asked <= MACHINE.done

    def synchronize(self) -> None:
        MACHINE.synchronize()

    def wait_event(self, event: Event) -> None:
        assert isinstance(event, Event)


Stream.null = Stream(null=True)
Stream.current.append(Stream.null)


class Runtime:
    """As ``cupy.cuda.runtime``."""

    count = 1

    @staticmethod
    def getDeviceCount() -> int:
        return Runtime.count

    @staticmethod
    def getDevice() -> int:
        return MACHINE.current

    @staticmethod
    def setDevice(id: int) -> None:
        MACHINE.current = id

    @staticmethod
    def deviceCanAccessPeer(one: int, other: int) -> int:
        return int(one != other)

    @staticmethod
    def getDeviceProperties(id: int) -> dict[str, Any]:
        return {
            "name": b"Stand-in", "major": 9, "minor": 0, "totalGlobalMem": MACHINE.size, "multiProcessorCount": 132,
            "maxThreadsPerMultiProcessor": 2048, "warpSize": 32,
        }  # fmt: skip


class Cuda:
    """What is used of ``cupy.cuda``."""

    Device, Event, Stream, runtime = Device, Event, Stream, Runtime
    allocator: Any = None

    @staticmethod
    def get_current_stream() -> Stream:
        return Stream.current[-1]

    @staticmethod
    def get_elapsed_time(start: Event, end: Event) -> float:
        return float(end.at - start.at)

    @staticmethod
    def set_allocator(allocator: Any) -> None:
        Cuda.allocator = allocator


def _strided(a: ndarray, shape: Any, strides: Any) -> Any:
    return ndarray(numpy.lib.stride_tricks.as_strided(_unwrap(a, "as_strided"), shape, strides))


def standin(count: int = 1) -> devices.ArrayModule:
    """The array module of so many pretended GPUs."""
    return devices.ArrayModule(
        "cuda",
        _Module(numpy),
        add_at=_add_at,
        as_strided=_strided,
        to_host=lambda a: a.get(),
        from_host=lambda a: ndarray(numpy.array(a)),
        address=lambda a: int(a._a.__array_interface__["data"][0]),
        synchronize=lambda a: (Device() if a is None else a.device).synchronize(),
        count=count,
    )


STANDIN = standin()


def use(monkeypatch: Any, count: int = 1) -> Machine:
    """Let ``count`` pretended GPUs be those that there are; gives the machine, fresh."""
    module = STANDIN if count == 1 else standin(count)
    monkeypatch.setattr(Runtime, "count", count)
    monkeypatch.setitem(devices._MODULES, "cuda", module)
    monkeypatch.setitem(devices._BY_TYPE, ndarray, module)
    for name, value in vars(Machine()).items():
        monkeypatch.setattr(MACHINE, name, value)
    return MACHINE
