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


class Device:
    id = 0


class ndarray:
    """An array of the pretended device."""

    __slots__ = ("_a",)
    __array_priority__ = 10_000
    __array_ufunc__ = None  # numpy's operators give way
    device = Device()

    def __init__(self, a: numpy.ndarray) -> None:
        self._a = a

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise TypeError("Implicit conversion to a NumPy array is not allowed. Please use `.get()` to construct a NumPy array explicitly.")

    def get(self) -> Any:
        return self._a.copy()

    @property
    def base(self) -> Any:
        return None if self._a.base is None else ndarray(self._a.base) if isinstance(self._a.base, numpy.ndarray) else self._a.base

    @property
    def flags(self) -> Any:
        return _Flags(self._a)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._a, name)
        if callable(found):
            return _guarded(found, name)
        return _wrap(found)

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "_a":
            object.__setattr__(self, name, value)
        else:
            setattr(self._a, name, _unwrap(value, name))

    def __getitem__(self, index: Any) -> Any:
        return _wrap(self._a[_unwrap(index, "__getitem__")], self)

    def __setitem__(self, index: Any, value: Any) -> None:
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


STANDIN = devices.ArrayModule(
    "cuda",
    _Module(numpy),
    add_at=_add_at,
    as_strided=lambda a, shape, strides: _wrap(numpy.lib.stride_tricks.as_strided(a._a, shape, strides)),
    to_host=lambda a: a.get(),
    from_host=lambda a: ndarray(numpy.array(a)),
    address=lambda a: int(a._a.__array_interface__["data"][0]),
)
