"""A reader of pickles that runs nothing: it knows the opcodes of plain data, and calls only what it was given by name.

A pickle is a program. ``pickletools`` takes it apart into opcodes; those that data are made of are obeyed here, one by one, and
every other one is refused, and so is every name that is not on the list.
"""

from __future__ import annotations

import io
import pickle
import pickletools
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

DEPTH = 8  # of tuples in a key: hashing goes down without a limit of its own
_PYTHON_2 = {"__builtin__": "builtins", "copy_reg": "copyreg"}
_BLOCKED = ("sys", "os", "posix", "nt")
_MARK = object()
_PLAIN = frozenset(
    (
        *("BININT", "BININT1", "BININT2", "LONG1", "LONG4", "BINFLOAT", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
        *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
    )
)
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}


class Restricted:
    """Reads one pickle. ``known`` gives for a global's full name what stands for it, ``trusted`` what the user allowed beside;
    ``persistent`` makes an object of a persistent id.

    ``load`` raises pickle.UnpicklingError for what is not allowed, and for what is no pickle.
    """

    def __init__(
        self, data: bytes, known: Mapping[str, Any], trusted: Mapping[str, Any], persistent: Callable[[Any], Any], hint: str
    ) -> None:
        self._data = data
        self._known = known
        self._trusted = trusted
        self._persistent = persistent
        self._hint = hint  # said where a global is refused
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}
        self._theirs: Callable[[], None] | None = None  # a call of the user's code that the last opcode asks for
        self._callable = {id(thing) for thing in (*known.values(), *trusted.values()) if callable(thing)}
        self._classes = {id(thing) for thing in trusted.values() if isinstance(thing, type)}

    def load(self) -> Any:
        file, name = io.BytesIO(self._data), ""
        while name != "STOP":
            name = self._step(file)
            if self._theirs is not None:  # its errors are its own
                call, self._theirs = self._theirs, None
                call()
        if len(self._stack) != 1:
            raise pickle.UnpicklingError("Weights only load failed. The data are no whole pickle")
        return self._stack[0]

    def _step(self, file: io.BytesIO) -> str:
        """Obey the next opcode. Gives its name."""
        try:
            name, argument = self._next(file)
            self._obey(name, argument)
        except (ValueError, TypeError, IndexError, KeyError, AttributeError, OverflowError, RecursionError) as error:
            raise pickle.UnpicklingError(f"Weights only load failed. The data are no pickle that PyTorch writes: {error}") from error
        return name

    def _next(self, file: io.BytesIO) -> tuple[str, Any]:
        """The next opcode and its argument. Those of protocol 0, which are text to be parsed, are no part of it."""
        code = file.read(1)
        opcode = _OPCODES.get(code)
        if opcode is None:
            if not code:
                raise ValueError("it is cut")
            raise pickle.UnpicklingError(f"Weights only load failed. WeightsUnpickler error: Unsupported operand {ord(code)}{self._hint}")
        if opcode.name == "GLOBAL":
            lines = file.readline(), file.readline()
            if not all(line.endswith(b"\n") for line in lines):
                raise ValueError("a global's name is cut")
            return opcode.name, " ".join(line[:-1].decode("utf-8") for line in lines)
        return opcode.name, opcode.arg.reader(file) if opcode.arg is not None else None

    def _obey(self, name: str, argument: Any) -> None:
        stack = self._stack
        if name in _PLAIN:
            stack.append(argument)
        elif name in _CONSTANTS:
            stack.append(_CONSTANTS[name])
        elif name in ("BINPUT", "LONG_BINPUT"):
            self._memo[argument] = stack[-1]
        elif name == "MEMOIZE":
            self._memo[len(self._memo)] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            stack.append(self._memo[argument])
        elif name in _MAKERS:
            stack.append(_MAKERS[name]())
        elif name in ("PROTO", "FRAME", "STOP"):
            if name == "PROTO" and argument > pickle.HIGHEST_PROTOCOL:
                raise pickle.UnpicklingError(f"Weights only load failed. Pickle protocol {argument} is not known")
        else:
            _ACTIONS[name](self, argument)

    def _pop_mark(self) -> list[Any]:
        for place in range(len(self._stack) - 1, -1, -1):
            if self._stack[place] is _MARK:
                found = self._stack[place + 1 :]
                del self._stack[place:]
                return found
        raise ValueError("a mark is missing")

    # ----------------------------------------------------------------------- what an opcode does, by its name

    def _pop(self, _: Any) -> None:
        self._stack.pop()

    def _dup(self, _: Any) -> None:
        self._stack.append(self._stack[-1])

    def _mark(self, _: Any) -> None:
        self._stack.append(_MARK)

    def _tuple(self, _: Any) -> None:
        self._stack.append(tuple(self._pop_mark()))

    def _tuple1(self, _: Any) -> None:
        self._last_as_tuple(1)

    def _tuple2(self, _: Any) -> None:
        self._last_as_tuple(2)

    def _tuple3(self, _: Any) -> None:
        self._last_as_tuple(3)

    def _last_as_tuple(self, count: int) -> None:
        if len(self._stack) < count:
            raise IndexError("the stack is too short")
        self._stack[-count:] = [tuple(self._stack[-count:])]

    def _list(self, _: Any) -> None:
        self._stack.append(self._pop_mark())

    def _dict(self, _: Any) -> None:
        items = self._pop_mark()
        self._stack.append({})
        self._set(items)

    def _append(self, _: Any) -> None:
        self._extend([self._stack.pop()])

    def _appends(self, _: Any) -> None:
        self._extend(self._pop_mark())

    def _extend(self, items: list[Any]) -> None:
        target = self._stack[-1]
        if type(target) is not list:
            raise TypeError(f"items for a {type(target).__name__}")
        target.extend(items)

    def _setitem(self, _: Any) -> None:
        value, key = self._stack.pop(), self._stack.pop()
        self._set([key, value])

    def _setitems(self, _: Any) -> None:
        self._set(self._pop_mark())

    def _set(self, items: list[Any]) -> None:
        target = self._stack[-1]
        if type(target) not in (dict, OrderedDict, Counter):
            raise TypeError(f"keys for a {type(target).__name__}")
        for key, value in zip(items[::2], items[1::2], strict=True):
            target[_key(key)] = value

    def _additems(self, _: Any) -> None:
        items, target = self._pop_mark(), self._stack[-1]
        if type(target) is not set:
            raise TypeError(f"members for a {type(target).__name__}")
        target.update(map(_key, items))

    def _frozenset(self, _: Any) -> None:
        self._stack.append(frozenset(map(_key, self._pop_mark())))

    def _global(self, argument: str) -> None:
        module, _, name = argument.partition(" ")
        self._find(module, name)

    def _stack_global(self, _: Any) -> None:
        name, module = self._stack.pop(), self._stack.pop()
        if type(name) is not str or type(module) is not str:
            raise TypeError("a global's name is no string")
        self._find(module, name)

    def _find(self, module: str, name: str) -> None:
        module = _PYTHON_2.get(module, module)
        full = f"{module}.{name}"
        for table in (self._known, self._trusted):
            if full in table:
                self._stack.append(table[full])
                return
        if module.partition(".")[0] in _BLOCKED:
            raise pickle.UnpicklingError(
                f"Weights only load failed. Trying to load unsupported GLOBAL {full} whose module {module} is blocked.{self._hint}"
            )
        raise pickle.UnpicklingError(
            f"Weights only load failed. WeightsUnpickler error: Unsupported global: GLOBAL {full} was not an allowed global by default. "
            f"Please use `torch.serialization.add_safe_globals([{full}])` or the `torch.serialization.safe_globals([{full}])` context "
            f"manager to allowlist this global if you trust this class/function.{self._hint}"
        )

    def _reduce(self, _: Any) -> None:
        arguments, function = self._stack.pop(), self._stack.pop()
        if id(function) not in self._callable or type(arguments) is not tuple:
            raise pickle.UnpicklingError(
                f"Weights only load failed. Trying to call reduce for unrecognized function {function}{self._hint}"
            )
        self._make(function, arguments)

    def _newobj(self, _: Any) -> None:
        arguments, kind = self._stack.pop(), self._stack.pop()
        if id(kind) not in self._classes or type(arguments) is not tuple:
            raise pickle.UnpicklingError(f"Weights only load failed. Trying to call NEWOBJ for unrecognized class {kind}{self._hint}")
        self._theirs = lambda: self._stack.append(kind.__new__(kind, *arguments))

    def _build(self, _: Any) -> None:
        state, target = self._stack.pop(), self._stack[-1]
        kind = type(target)
        if id(kind) in self._classes and hasattr(target, "__setstate__"):
            self._theirs = lambda: target.__setstate__(state)
            return
        if id(kind) not in self._classes and kind not in (OrderedDict, Counter):
            raise pickle.UnpicklingError(
                f"Weights only load failed. Can only build Tensor, Parameter, OrderedDict or types allowlisted via `add_safe_globals`, "
                f"but got {kind}{self._hint}"
            )
        for name, value in state.items():
            if type(name) is not str or hasattr(kind, name):
                raise TypeError(f"{name!r} is no attribute for a {kind.__name__}")
            target.__dict__[name] = value

    def _binpersid(self, _: Any) -> None:
        words = self._stack.pop()
        self._theirs = lambda: self._stack.append(self._persistent(words))

    def _make(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        if any(function is thing for thing in self._trusted.values()):
            self._theirs = lambda: self._stack.append(function(*arguments))
        else:
            self._stack.append(function(*arguments))


_ACTIONS: dict[str, Callable[[Restricted, Any], None]] = {
    name: getattr(Restricted, f"_{name.lower()}")
    for name in (
        *("POP", "DUP", "MARK", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "LIST", "DICT", "APPEND", "APPENDS", "SETITEM", "SETITEMS"),
        *("ADDITEMS", "FROZENSET", "GLOBAL", "STACK_GLOBAL", "REDUCE", "NEWOBJ", "BUILD", "BINPERSID"),
    )
}
_MAKERS: dict[str, Callable[[], Any]] = {"EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_SET": set}


_KNOWN_NAMES = {
    *_PLAIN,
    *_CONSTANTS,
    *_ACTIONS,
    *_MAKERS,
    "BINPUT",
    "LONG_BINPUT",
    "MEMOIZE",
    "BINGET",
    "LONG_BINGET",
    "PROTO",
    "FRAME",
    "STOP",
}
_OPCODES = {opcode.code.encode("latin-1"): opcode for opcode in pickletools.opcodes if opcode.name in _KNOWN_NAMES}


def _key(value: Any, depth: int = 0) -> Any:
    """``value``, which becomes a key."""
    if isinstance(value, tuple):
        if depth == DEPTH:
            raise ValueError("a key is nested too deeply")
        for item in value:
            _key(item, depth + 1)
    elif isinstance(value, frozenset):
        raise TypeError("a frozenset is no key")
    return value


def ordered(items: Any = ()) -> OrderedDict[Any, Any]:
    """What stands for ``OrderedDict``."""
    return OrderedDict((_key(key), value) for key, value in (items.items() if isinstance(items, dict) else items))


def counted(items: Any = ()) -> Counter[Any]:
    """What stands for ``Counter``."""
    if not isinstance(items, (dict, tuple)):
        raise TypeError("a Counter is made of a dictionary")
    return Counter({_key(key): value for key, value in dict(items).items()})


def members(items: Any = ()) -> set[Any]:
    """What stands for ``set``."""
    if type(items) is not list:
        raise TypeError("a set is made of a list")
    return {_key(item) for item in items}


def encode(text: Any, encoding: Any) -> bytes:
    """What stands for ``_codecs.encode``, with which protocol 2 writes bytes."""
    if type(text) is not str or encoding not in ("latin1", "latin-1"):
        raise TypeError("bytes are written as latin-1")
    return text.encode("latin-1")


def bytes_of_nothing() -> bytes:
    """What stands for ``bytes``, with which protocol 2 writes b""."""
    return b""


def characters(*arguments: Any) -> bytearray:
    """What stands for ``bytearray``: of bytes, never of a length."""
    if any(not isinstance(item, (bytes, str, list)) for item in arguments):
        raise TypeError("a bytearray is made of bytes")
    return bytearray(*arguments)


PYTHON: dict[str, Any] = {
    "collections.OrderedDict": ordered,
    "collections.Counter": counted,
    "builtins.bytes": bytes_of_nothing,
    "builtins.set": members,
    "builtins.bytearray": characters,
    "builtins.complex": complex,
    "_codecs.encode": encode,
}
