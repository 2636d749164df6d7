"""Writes a checkpoint's ``data.pkl``: plain Python data, with tensors under the names by which PyTorch makes them again.

Only data are written. An object of a class of the user's is refused, unless the class was named to ``add_safe_globals``.
"""

from __future__ import annotations

import copyreg
import pickle
import struct
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .. import devices, dtypes
from ..nn.parameter import Buffer, Parameter
from ..tensor import Size, Tensor
from .storages import TYPED, Memories

_STORAGE_NAMES = {kind: name for name, kind in TYPED.items()}


class Writer:
    """Writes one pickle of protocol 2. ``memories`` takes the memories of the tensors in it, ``trusted`` is what the user allowed,
    by full name.

    ``dump`` raises pickle.PicklingError for what is no data.
    """

    def __init__(self, memories: Memories, trusted: Mapping[str, Any]) -> None:
        self._memories = memories
        self._trusted = {id(thing): name for name, thing in trusted.items()}
        self._out = bytearray(pickle.PROTO + b"\x02")
        self._memo: dict[Any, int] = {}  # by id; of globals by their lines
        self._alive: list[Any] = []  # an id means an object only while that lives

    def dump(self, obj: Any) -> bytes:
        """The pickle of ``obj``."""
        self._write(obj)
        self._out += pickle.STOP
        return bytes(self._out)

    def _write(self, obj: Any) -> None:
        kind = type(obj)
        action = _ATOMS.get(kind)
        if action is not None:
            self._out += action(obj)
        elif id(obj) in self._memo:
            self._get(id(obj))
        elif kind in _ACTIONS:
            _ACTIONS[kind](self, obj)
        elif isinstance(obj, dtypes.dtype):
            self._global("torch", obj.name)
        elif isinstance(obj, devices.device):
            self._call(obj, "torch", "device", (obj.type,) if obj.index is None else (obj.type, obj.index))
        else:
            self._object(obj)

    # ------------------------------------------------------------------------------------------------- what was written

    def _get(self, key: Any) -> None:
        number = self._memo[key]
        self._out += pickle.BINGET + bytes((number,)) if number < 256 else pickle.LONG_BINGET + struct.pack("<I", number)

    def _put(self, key: Any, obj: Any) -> None:
        number = self._memo[key] = len(self._memo)
        self._alive.append(obj)
        self._out += pickle.BINPUT + bytes((number,)) if number < 256 else pickle.LONG_BINPUT + struct.pack("<I", number)

    # ------------------------------------------------------------------------------------------------------- Python's own

    def _text(self, text: str) -> None:
        data = text.encode("utf-8", "surrogatepass")
        self._out += pickle.BINUNICODE + struct.pack("<I", len(data)) + data
        self._put(id(text), text)

    def _bytes(self, data: bytes) -> None:
        self._call(data, "_codecs", "encode", (data.decode("latin-1"), "latin1"))

    def _tuple(self, items: tuple[Any, ...]) -> None:
        if not items:
            self._out += pickle.EMPTY_TUPLE
            return
        if len(items) > 3:
            self._out += pickle.MARK
        for item in items:
            self._write(item)
        if id(items) in self._memo:
            raise pickle.PicklingError("a tuple that holds itself cannot be saved")
        self._out += (pickle.TUPLE1, pickle.TUPLE2, pickle.TUPLE3)[len(items) - 1] if len(items) < 4 else pickle.TUPLE
        self._put(id(items), items)

    def _list(self, items: list[Any]) -> None:
        self._out += pickle.EMPTY_LIST
        self._put(id(items), items)
        self._filled(items, pickle.APPENDS)

    def _dict(self, items: dict[Any, Any]) -> None:
        self._out += pickle.EMPTY_DICT
        self._put(id(items), items)
        self._filled((word for pair in items.items() for word in pair), pickle.SETITEMS)

    def _filled(self, words: Iterable[Any], end: bytes) -> None:
        begin = len(self._out)
        self._out += pickle.MARK
        for word in words:
            self._write(word)
        if len(self._out) == begin + 1:
            del self._out[begin:]
        else:
            self._out += end

    def _set(self, items: set[Any]) -> None:
        self._call(items, "__builtin__", "set", (list(items),))

    def _complex(self, number: complex) -> None:
        self._call(number, "__builtin__", "complex", (number.real, number.imag))

    def _bytearray(self, data: bytearray) -> None:
        self._call(data, "__builtin__", "bytearray", (bytes(data),))

    def _counter(self, items: Counter[Any]) -> None:
        self._call(items, "collections", "Counter", (dict(items),))

    def _ordered(self, items: OrderedDict[Any, Any]) -> None:
        self._call(items, "collections", "OrderedDict", ())
        self._filled((word for pair in items.items() for word in pair), pickle.SETITEMS)
        if vars(items):  # the _metadata of a state dict
            self._write(dict(vars(items)))
            self._out += pickle.BUILD

    # ------------------------------------------------------------------------------------------------------ by their names

    def _global(self, module: str, name: str) -> None:
        line = f"{module}\n{name}\n"
        if line in self._memo:
            self._get(line)
        else:
            self._out += pickle.GLOBAL + line.encode()
            self._put(line, None)

    def _call(self, obj: Any, module: str, name: str, arguments: tuple[Any, ...]) -> None:
        """``obj`` as the result of a function."""
        self._global(module, name)
        self._tuple(arguments)
        self._out += pickle.REDUCE
        self._put(id(obj), obj)

    def _size(self, size: Size) -> None:
        self._call(size, "torch", "Size", (tuple(size),))

    def _parameter(self, parameter: Parameter) -> None:
        plain = parameter.detach()
        self._call(parameter, "torch._utils", "_rebuild_parameter", (plain, bool(parameter.requires_grad), OrderedDict()))

    def _tensor(self, tensor: Tensor) -> None:
        key, where, elements, offset, strides = self._memories.locate(tensor)
        kind = tensor.dtype
        typed = _STORAGE_NAMES.get(kind)
        version = 2 if typed is not None else 3
        self._global("torch._utils", f"_rebuild_tensor_v{version}")
        self._out += pickle.MARK
        self._out += pickle.MARK
        self._write("storage")
        if typed is not None:
            self._global("torch", typed)
        else:
            self._global("torch.storage", "UntypedStorage")
        for word in (key, where, elements if typed is not None else elements * kind.itemsize):
            self._write(word)
        self._out += pickle.TUPLE + pickle.BINPERSID
        hooks: OrderedDict[int, Any] = OrderedDict()
        for value in (offset, tuple(tensor._data.shape), strides, bool(tensor.requires_grad), hooks):
            self._write(value)
        if typed is None:
            self._write(kind)
        self._out += pickle.TUPLE + pickle.REDUCE
        self._put(id(tensor), tensor)

    def _object(self, obj: Any) -> None:
        """A function or class that the user trusts, or an object of such a class that is made of its state."""
        kind = type(obj)
        if id(obj) in self._trusted:
            module, _, name = self._trusted[id(obj)].rpartition(".")
            self._global(module, name)
            return
        reduced = obj.__reduce_ex__(2) if id(kind) in self._trusted else ()
        if not isinstance(reduced, tuple) or len(reduced) < 2 or reduced[0] is not copyreg.__newobj__ or any(reduced[3:]):  # type: ignore[attr-defined]
            raise pickle.PicklingError(
                "gradstep's torch.save writes data: tensors, numbers, strings and containers of them, not an object of "
                f"{kind.__module__}.{kind.__qualname__}. Save the state_dict() of a module or optimizer; a class of data that you trust "
                "may be named to torch.serialization.add_safe_globals"
            )
        self._object(kind)
        self._tuple(reduced[1][1:])
        self._out += pickle.NEWOBJ
        self._put(id(obj), obj)
        if len(reduced) > 2 and reduced[2] is not None:
            self._write(reduced[2])
            self._out += pickle.BUILD


def _integer(number: int) -> bytes:
    if 0 <= number < 256:
        return pickle.BININT1 + bytes((number,))
    if 0 <= number < 1 << 16:
        return pickle.BININT2 + struct.pack("<H", number)
    if -(1 << 31) <= number < 1 << 31:
        return pickle.BININT + struct.pack("<i", number)
    data = pickle.encode_long(number)
    return pickle.LONG1 + bytes((len(data),)) + data if len(data) < 256 else pickle.LONG4 + struct.pack("<i", len(data)) + data


_ATOMS: dict[type, Callable[[Any], bytes]] = {
    type(None): lambda _: pickle.NONE,
    bool: lambda truth: pickle.NEWTRUE if truth else pickle.NEWFALSE,
    int: _integer,
    float: lambda number: pickle.BINFLOAT + struct.pack(">d", number),
}
_ACTIONS: dict[type, Callable[[Writer, Any], None]] = {
    str: Writer._text,
    bytes: Writer._bytes,
    tuple: Writer._tuple,
    list: Writer._list,
    dict: Writer._dict,
    set: Writer._set,
    complex: Writer._complex,
    bytearray: Writer._bytearray,
    Counter: Writer._counter,
    OrderedDict: Writer._ordered,
    Size: Writer._size,
    Tensor: Writer._tensor,
    Buffer: Writer._tensor,
    Parameter: Writer._parameter,
}
