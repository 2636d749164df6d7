"""Runs a script of the corpus of explanations on real PyTorch, in this process, and gives what is found."""

from __future__ import annotations

import builtins
import contextlib
import functools
import io
import json
import traceback
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from gradstep.engine.debug.unattended import Unattended
from gradstep.engine.explain.diagnoses import findings
from gradstep.engine.explain.finding import Finding
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.recorder import Level
from gradstep.engine.tape.sinks import ListSink
from gradstep.plugins.torch.probe import Probe
from gradstep.plugins.torch.recorder import TorchRecorder
from gradstep.plugins.torch.target import TorchTarget


def record(script: Path) -> Tape:
    """The tape of a run of the script in this process. Its exception is on the tape."""
    sink = ListSink()
    target = TorchTarget()
    control = Unattended(target)
    recorder = TorchRecorder(sink, Level.VALUES, 1 << 30)
    recorder.attach(control, careful=False)
    target.examine(recorder)
    probe = Probe(recorder, control, holds=False)
    source = script.read_text()
    scope: dict[str, Any] = {"__name__": "__main__", "__file__": str(script)}
    scope["__builtins__"] = {**vars(builtins), "__import__": functools.partial(_import, script)}
    torch.manual_seed(0)
    end: dict[str, Any] | None = None
    with torch.enable_grad(), contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        recorder.source(str(script))
        probe.put()
        probe.begin()
        try:
            exec(compile(source, str(script), "exec"), scope)
        except Exception as error:
            own = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(script)]
            end = {"type": type(error).__name__, "text": str(error), "file": str(script), "line": own[-1].lineno}
        finally:
            probe.take_away()
    recorder.note("end", json.dumps(end))
    recorder.flush()
    assert not recorder.failed, recorder.failed
    return Tape.of(sink.records)


def found(script: Path) -> list[Finding]:
    """What is explained of a script."""
    return findings(record(script))


def _import(script: Path, name: str, scope: Any = None, local: Any = None, wanted: Any = (), level: int = 0) -> ModuleType:
    file = script.parent / "beside" / f"{name}.py"
    if file.is_file():
        module = ModuleType(name)
        module.__dict__["__builtins__"] = scope["__builtins__"]
        exec(compile(file.read_text(), str(file), "exec"), module.__dict__)
        return module
    return __import__(name, scope, local, wanted, level)
