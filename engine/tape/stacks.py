"""The user's frames: which code object belongs to whom, and the stack from here outwards.

Walking the stack is most of what a recorded op costs, so what is known of a code object is kept, and a stack is known by
its code objects and instructions: line numbers are looked up once a stack, not once an op.
"""

from __future__ import annotations

import dis
import inspect
import linecache
import os
import sys
import sysconfig
import tokenize
from collections.abc import Callable, Mapping
from types import CodeType, FrameType

from ..older import qualname
from .schema import Frame

_NO_NAMES = frozenset(("_", "self"))
_OF_FRAME = 3  # references to a copy of variables: the frame's, ours, and the argument of getrefcount
DEPTH = 32  # frames kept of a stack
CODES_CAP = 50_000  # a script that makes code objects without end must not fill the memory
SOURCE_CAP = 1 << 20  # bytes kept of a source file

_ENGINE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_PLUGINS = os.path.join(os.path.dirname(os.path.dirname(_ENGINE)), "plugins") + os.sep
_GRADSTEP = tuple(sorted({path for own in (_ENGINE, _PLUGINS) for path in (own, os.path.join(os.path.realpath(own), ""))}))
_OWN: tuple[str, ...] = _GRADSTEP
_DETOURS: set[CodeType] = set()  # functions of the engine that runs the script, which only hand a call on to gradstep's files
_STANDARD = tuple(sorted({os.path.join(path, "") for path in (sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")) if path}))
_LIBRARIES = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")
_REAL = {os.path.join(os.path.realpath(path), "") for path in (_ENGINE, _PLUGINS, *_STANDARD)}
_SKIPPED = (_ENGINE, _PLUGINS, *_STANDARD, *sorted(_REAL))


def is_library(file: str) -> bool:
    """Whether a file lies among installed packages."""
    return any(part in file for part in _LIBRARIES)


def is_own(file: str) -> bool:
    """Whether a file is gradstep's own, or the engine's that runs the script."""
    return file.startswith(_OWN)


def is_gradstep(file: str) -> bool:
    """Whether a file is gradstep's own."""
    return file.startswith(_GRADSTEP)


def take_for_own(folder: str) -> None:
    """The files of an engine that is not gradstep's own lie in this folder: they are not the user's either."""
    global _OWN
    _OWN = (*_OWN, os.path.join(folder, ""))


def take_for_detour(code: CodeType) -> None:
    """A function of another package that is on the stack only because gradstep looks on: it asks gradstep, which calls again whoever
    called it."""
    _DETOURS.add(code)


def is_detour(code: CodeType) -> bool:
    """Whether that was said of a function."""
    return code in _DETOURS


def is_kept(file: str) -> bool:
    """Whether frames of this file belong on a tape: not gradstep's own, not Python's machinery."""
    if file.startswith("<frozen "):
        return False
    if is_own(file):
        return False
    return is_library(file) or not file.startswith(_SKIPPED)


class Base:
    """A frame of the engine that is being executed (a module's call) below others: all that lies outside of it stays as it is, so
    that it is looked at once. Whoever holds one lets go of it before its frame ends, or would keep its variables alive."""

    __slots__ = ("frame", "number", "outer")

    def __init__(self, frame: FrameType, outer: Base | None) -> None:
        self.frame = frame
        self.outer = outer
        self.number = -1  # of the stack outside of it, once that was asked for

    def ask_again(self) -> None:
        """The number may have been taken back, and those outside."""
        base: Base | None = self
        while base is not None:
            base.number, base = -1, base.outer


def own_line(frame: FrameType | None) -> Frame | None:
    """The innermost line of the user's own from ``frame`` outwards; None where there is none."""
    while frame is not None and (not is_kept(frame.f_code.co_filename) or is_library(frame.f_code.co_filename)):
        frame = frame.f_back
    return None if frame is None else Frame(frame.f_code.co_filename, frame.f_lineno, qualname(frame.f_code))


class Stacks:
    """Numbers stacks by ``number``: ``new(key, frames)`` is called for one that was not met before and returns its number.

    ``known`` maps a key to its number; the owner may forget entries in it. A key has two words a frame, and where it ends at a
    Base the number of what lies outside.
    """

    def __init__(self, known: dict[tuple[int, ...], int], new: Callable[[tuple[int, ...], tuple[Frame, ...]], int]) -> None:
        self._known = known
        self._new = new
        self._codes: dict[int, CodeType | None] = {}  # by id; None: skipped
        self._alive: list[CodeType] = []  # an id stands for a code object only while that lives
        self._outside: dict[int, tuple[Frame, ...]] = {0: ()}  # the frames of the stacks that Bases stand for

    def number(self, skip: int, base: Base | None = None) -> int:
        """The number of the stack outside the ``skip`` innermost frames, this one not counted. ``base``: the innermost one of
        this thread."""
        return self._of(sys._getframe(skip + 1), base)

    def _of(self, frame: FrameType | None, base: Base | None) -> int:
        """The number of the stack from ``frame`` outwards."""
        codes = self._codes
        end = None if base is None else base.frame
        key: list[int] = []
        while frame is not None:
            if frame is end:
                assert base is not None
                key.append(base.number if base.number >= 0 else self._settle(base))
                break
            code = id(frame.f_code)
            try:
                kept = codes[code]
            except KeyError:
                kept = self._meet(frame.f_code)
            if kept is not None:
                key += (code, frame.f_lasti)
                if len(key) == 2 * DEPTH:
                    break
            frame = frame.f_back
        whole = tuple(key)
        number = self._known.get(whole)
        if number is None:
            number = self._new(whole, self._frames(whole))
        return number

    def _settle(self, base: Base) -> int:
        """Look at what lies outside a Base."""
        number = base.number = self._of(base.frame.f_back, base.outer)
        if number not in self._outside:
            frames: list[Frame] = []
            frame = base.frame.f_back
            while frame is not None and len(frames) < DEPTH:
                code = frame.f_code
                if (self._codes[id(code)] if id(code) in self._codes else self._meet(code)) is not None:
                    frames.append(Frame(code.co_filename, _line(code, frame.f_lasti), qualname(code)))
                frame = frame.f_back
            self._outside[number] = tuple(frames)
        return number

    def variable(self, thing: object) -> str:
        """The name of a variable in the innermost frame of the user that is this very object; "" where there is none."""
        try:
            frame: FrameType | None = sys._getframe(1)
            while frame is not None:
                kept = self._codes.get(id(frame.f_code)) or self._meet(frame.f_code)
                if kept is not None and not is_library(kept.co_filename):
                    return _variable(frame, thing)
                frame = frame.f_back
        except Exception:  # a name is an extra, and a frame of somebody else may hold anything
            return ""
        return ""

    def _meet(self, code: CodeType) -> CodeType | None:
        if len(self._alive) >= CODES_CAP:
            self._codes.clear()
            self._known.clear()
            self._known[()] = 0
            self._alive.clear()
        self._alive.append(code)
        kept = code if is_kept(code.co_filename) else None
        self._codes[id(code)] = kept
        return kept

    def _frames(self, key: tuple[int, ...]) -> tuple[Frame, ...]:
        frames = []
        for place in range(0, len(key) - 1, 2):
            code = self._codes[key[place]]
            assert code is not None
            frames.append(Frame(code.co_filename, _line(code, key[place + 1]), qualname(code)))
        if len(key) % 2:
            frames += self._outside[key[-1]]
        return tuple(frames[:DEPTH])


def variable_in(frame: FrameType | None, thing: object) -> str:
    """The name of a variable that is this very object in the innermost frame of the user's own from ``frame`` on; "" for none."""
    while frame is not None:
        file = frame.f_code.co_filename
        if is_kept(file) and not is_library(file):
            return _variable(frame, thing)
        frame = frame.f_back
    return ""


def _variable(frame: FrameType, thing: object) -> str:
    """Looks by identity alone, into plain dictionaries alone: nothing of the user's is called."""
    if sys.gettrace() is not None:
        return ""  # a debugger or a coverage tool works on the frame's variables: they are left alone
    own = frame.f_locals
    is_copy = bool(frame.f_code.co_flags & inspect.CO_OPTIMIZED)  # a function's variables, copied for us
    try:
        found = _key_of(own, thing) if is_copy or type(own) is dict else ""
    finally:
        # The frame would keep the copy, and with it all that it names, alive. Where somebody else has it too (a call of
        # locals(), a debugger) it stays as it is.
        if is_copy and type(own) is dict and sys.getrefcount(own) == _OF_FRAME:
            own.clear()
    return found or _key_of(frame.f_globals, thing)


def _key_of(variables: Mapping[str, object], thing: object) -> str:
    for name, value in list(variables.items()):
        if value is thing and type(name) is str and name.isidentifier() and name not in _NO_NAMES:
            return name
    return ""


def _line(code: CodeType, instruction: int) -> int:
    last = code.co_firstlineno
    for start, line in dis.findlinestarts(code):
        if start > instruction:
            break
        last = line or last
    return last


def source_text(file: str) -> str | None:
    """The text of a source file, also of a notebook's cell; cut at SOURCE_CAP. None where there is none to be had."""
    if file.startswith("<"):
        entry = linecache.cache.get(file)
        return "".join(entry[2])[:SOURCE_CAP] if entry is not None and len(entry) == 4 else None
    try:
        if not os.path.isfile(file):
            return None
        with open(file, "rb") as stream:
            encoding, _ = tokenize.detect_encoding(stream.readline)
            stream.seek(0)
            text = stream.read(SOURCE_CAP).decode(encoding, "replace")
    except (OSError, SyntaxError, LookupError, ValueError):
        return None
    return text.replace("\r\n", "\n").replace("\r", "\n")
