"""Runs a script of the corpus on the engine, in this process, and gives what is found; reads what it expects."""

from __future__ import annotations

import builtins
import contextlib
import importlib
import io
import json
import re
import traceback
import warnings
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import gradstep.engine
from gradstep.engine.explain.diagnoses import findings
from gradstep.engine.explain.finding import Finding
from gradstep.engine.tape.census import CensusRecorder
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.recorder import Level, recording
from gradstep.engine.tape.sinks import ListSink

FOLDER = Path(__file__).parent / "corpus"


@dataclass(frozen=True)
class Expected:
    """What a script says of itself: the codes, and the lines by role."""

    codes: tuple[str, ...]
    lines: dict[str, list[int]]


def expected(script: Path) -> Expected:
    """Read the marks of a script."""
    text = script.read_text()
    codes = tuple(code for code in re.findall(r"^# expect: (\S+)", text, re.M) if code != "nothing")
    lines: dict[str, list[int]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        for role in re.findall(r"#! (\S+)", line):
            lines.setdefault(role, []).append(number)
    return Expected(codes, lines)


def record(script: Path, level: Level = Level.VALUES) -> Tape:
    """The tape of a run of the script in this process, where ``import torch`` is the engine. Its exception is on the tape."""
    sink = ListSink()
    recorder = CensusRecorder(sink, level)
    source = script.read_text()
    scope: dict[str, Any] = {"__name__": "__main__", "__file__": str(script), "__builtins__": {**vars(builtins), "__import__": _import}}
    gradstep.engine.manual_seed(0)
    with recording(recorder), contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        recorder.source(str(script))
        end: dict[str, Any] | None = None
        try:
            exec(compile(source, str(script), "exec"), scope)
        except Exception as error:
            own = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(script)]
            end = {"type": type(error).__name__, "text": str(error), "file": str(script), "line": own[-1].lineno}
        recorder.note("end", json.dumps(end))
    return Tape.of(sink.records)


def found(script: Path) -> list[Finding]:
    """What is explained of a script."""
    return findings(record(script))


def _import(name: str, scope: Any = None, local: Any = None, wanted: Any = (), level: int = 0) -> ModuleType:
    if name == "torch" or name.startswith("torch."):
        module = importlib.import_module("gradstep.engine" + name.removeprefix("torch"))
        return module if wanted else gradstep.engine
    return __import__(name, scope, local, wanted, level)
