"""Runs a file as ``__main__`` the way ``python file.py`` does, down to its traceback and exit code."""

from __future__ import annotations

import builtins
import os
import sys
import traceback
import types
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

from ..tape import stacks

TRACEBACK_CAP = 1 << 15  # characters
_GROUP = getattr(builtins, "BaseExceptionGroup", ())  # since Python 3.11


class Refused(Exception):
    """The script cannot be run; nothing of it was. ``body`` goes to the window."""

    def __init__(self, body: dict[str, Any]) -> None:
        super().__init__(body["message"])
        self.body = body


def load(script: str) -> types.CodeType:
    """The compiled script. Raises Refused where the file is missing or is not valid Python."""
    path = os.path.abspath(script)  # as Python names its main file
    try:
        source = Path(path).read_bytes()
    except OSError as error:
        raise Refused({"kind": "file", "file": script, "message": f"{script} cannot be read: {error.strerror}."}) from error
    try:
        return compile(source, path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:  # ValueError: a NUL in the source, before Python 3.12
        traceback.print_exception(type(error), error, None)
        line, column, message = getattr(error, "lineno", 0) or 0, getattr(error, "offset", 0) or 0, getattr(error, "msg", str(error))
        version = ".".join(str(number) for number in sys.version_info[:2])
        where = f"{os.path.basename(script)} line {line}" if line else os.path.basename(script)
        text = f"{where} is not valid Python {version}: {message}. Nothing was run."
        raise Refused({"kind": "syntax", "file": script, "line": line, "column": column, "message": text}) from error


def run(code: types.CodeType, script: str, args: list[str], ending: Callable[[BaseException | None, str], None]) -> None:
    """Runs ``code`` as the program itself. What ends it goes on to the interpreter, as if nobody stood in between.

    ``ending`` is called with what ended it (None: the last line), and its traceback with gradstep's own frames, before the
    interpreter shows it without them.
    """
    main = types.ModuleType("__main__")
    path = code.co_filename
    main.__dict__.update(
        __file__=path, __cached__=None, __spec__=None, __builtins__=builtins, __loader__=SourceFileLoader("__main__", path)
    )
    sys.modules["__main__"] = main
    sys.argv = [script, *args]
    sys.path.insert(0, os.path.dirname(os.path.realpath(path)))
    try:
        exec(code, main.__dict__)
    except BaseException as error:
        whole = _text(error)
        trim(error)
        ending(error, whole)
        _hide_this_file(error)
        raise
    ending(None, "")


def _hide_this_file(error: BaseException) -> None:
    """Raising it on adds our own frames again: they are taken off once more where the interpreter shows it."""
    shown = sys.excepthook  # the script may have set its own

    def show(kind: type[BaseException], value: BaseException, trace: types.TracebackType | None) -> None:
        if value is error:
            trim(value)
        shown(kind, value, value.__traceback__)

    sys.excepthook = show


def trim(error: BaseException) -> None:
    """Takes gradstep's own frames out of an exception's traceback, and out of those that led to it.

    An exception that has no other frames keeps them: it is a fault of ours, and has to be found.
    """
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        waiting += [one.__cause__, one.__context__, *(one.exceptions if isinstance(one, _GROUP) else ())]
        kept = _kept(one.__traceback__)
        if kept is not None:
            one.__traceback__ = kept


def _kept(trace: types.TracebackType | None) -> types.TracebackType | None:
    entries: list[types.TracebackType] = []
    detour = False  # gradstep was asked on the way, and called again what had led there
    while trace is not None:
        code = trace.tb_frame.f_code
        if stacks.is_gradstep(code.co_filename):
            while entries and stacks.is_detour(entries[-1].tb_frame.f_code):
                entries.pop()
                detour = True
        else:
            if detour and entries and entries[-1].tb_frame.f_code is code:
                entries.pop()
            detour = False
            entries.append(trace)
        trace = trace.tb_next
    result = None
    for entry in reversed(entries):
        result = types.TracebackType(result, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return result


def _text(error: BaseException) -> str:
    try:
        return "".join(traceback.format_exception(type(error), error, error.__traceback__))[-TRACEBACK_CAP:]
    except Exception:  # a user's exception may do anything in its __str__
        return "<the traceback could not be made>"


def facts(error: BaseException, whole: str) -> dict[str, Any]:
    """An exception as the window gets it: type, text, the innermost place in the user's own files (in a package's where it has none) and
    traceback, each of bounded length; ``whole`` is the traceback with gradstep's own frames."""
    entries = traceback.extract_tb(error.__traceback__)
    own = (entry for entry in reversed(entries) if stacks.is_kept(entry.filename) and not stacks.is_library(entry.filename))
    last = next(own, entries[-1] if entries else None)
    try:
        text = str(error)
    except Exception:  # a user's exception may do anything in its __str__
        text = "<its text could not be made>"
    return {
        "type": type(error).__qualname__, "text": text[:4096], "traceback": _text(error), "whole": whole,
        "file": last.filename if last else "", "line": (last.lineno or 0) if last else 0, "function": last.name if last else "",
    }  # fmt: skip
