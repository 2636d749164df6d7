"""Runs a script of the corpus on the engine, in this process, and gives what is found; reads what it expects."""

from __future__ import annotations

import builtins
import contextlib
import functools
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
from gradstep.engine.debug import rules
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
    details: dict[str, Any]  # "element" of "# element: [0, 3]", "operands" of "# operands: inf 0"


def expected(script: Path) -> Expected:
    """Read the marks of a script."""
    text = script.read_text()
    codes = tuple(code for code in re.findall(r"^# expect: (\S+)", text, re.M) if code != "nothing")
    lines: dict[str, list[int]] = {}
    for file in (script, *(_beside(script, name) for name in re.findall(r"^from (\w+) import", text, re.M))):
        for number, line in enumerate(file.read_text().splitlines() if file.is_file() else (), 1):
            for role in re.findall(r"#! (\S+)", line):
                lines.setdefault(role, []).append(number)
    details: dict[str, Any] = {key: json.loads(value) for key, value in re.findall(r"^# (element|input): (.+)$", text, re.M)}
    for numbers in re.findall(r"^# operands: (.+)$", text, re.M):
        details["operands"] = [float(number) for number in numbers.split()]
    return Expected(codes, lines, details)


def record(script: Path, level: Level = Level.VALUES) -> Tape:
    """The tape of a run of the script in this process, where ``import torch`` is the engine. Its exception is on the tape."""
    sink = ListSink()
    recorder = CensusRecorder(sink, level)
    recorder.examine = rules.examined
    source = script.read_text()
    scope: dict[str, Any] = {"__name__": "__main__", "__file__": str(script)}
    scope["__builtins__"] = {**vars(builtins), "__import__": functools.partial(_import, script)}
    gradstep.engine.manual_seed(0)
    with recording(recorder), gradstep.engine.enable_grad(), contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
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


def _beside(script: Path, name: str) -> Path:
    """The file of a module that a script brings along."""
    return script.parent / "beside" / f"{name}.py"


def _import(script: Path, name: str, scope: Any = None, local: Any = None, wanted: Any = (), level: int = 0) -> ModuleType:
    if name == "torch" or name.startswith("torch."):
        module = importlib.import_module("gradstep.engine" + name.removeprefix("torch"))
        return module if wanted else gradstep.engine
    if (file := _beside(script, name)).is_file():
        module = ModuleType(name)
        module.__dict__["__builtins__"] = scope["__builtins__"]
        exec(compile(file.read_text(), str(file), "exec"), module.__dict__)
        return module
    return __import__(name, scope, local, wanted, level)
