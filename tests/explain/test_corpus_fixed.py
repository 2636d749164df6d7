"""The fix that is told for an in-place or a freed-graph error works: the corrected script runs to its end, and nothing is found.
PyTorch, for which the scripts were written, ends each of them as the engine does."""

from __future__ import annotations

import contextlib
import io
import json
import traceback
import warnings
from pathlib import Path

import pytest

from gradstep.engine.explain.diagnoses import findings
from gradstep.engine.explain.finding import Severity

from .corpus import FOLDER, record

FIXED = FOLDER.parent / "corpus_fixed"
BROKEN = sorted([*FOLDER.glob("inplace/*.py"), *FOLDER.glob("freed/*.py")])
BOTH = [*BROKEN, *sorted(FIXED.glob("*/*.py")), *sorted(FOLDER.glob("healthy/*.py"))]


def _id(script: Path) -> str:
    return f"{script.parent.parent.name}/{script.parent.name}/{script.stem}"


def _ending(script: Path) -> tuple[str, str, int] | None:
    """How the engine ends a script: the type of the exception, the beginning of its words, the line; None where there is none."""
    ends = [json.loads(note.text) for note in record(script).notes if note.kind == "end"]
    return (ends[-1]["type"], ends[-1]["text"][:60], ends[-1]["line"]) if ends and ends[-1] is not None else None


@pytest.mark.parametrize("script", BROKEN, ids=_id)
def test_a_corrected_script_runs_to_its_end_and_nothing_is_found(script: Path) -> None:
    corrected = FIXED / script.parent.name / script.name
    assert corrected.is_file(), "no corrected script beside it"
    tape = record(corrected)
    assert [note.text for note in tape.notes if note.kind == "end"] in ([], ["null"])
    assert [f"{finding.code}: {finding.text}" for finding in findings(tape) if finding.severity is not Severity.NOTE] == []


@pytest.mark.parametrize("script", BOTH, ids=_id)
def test_pytorch_ends_a_script_as_the_engine_does(script: Path) -> None:
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    found = None
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings(), torch.enable_grad():
        warnings.simplefilter("ignore")
        try:
            exec(compile(script.read_text(), str(script), "exec"), {"__name__": "__main__"})
        except Exception as error:
            line = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(script)][-1]
            found = (type(error).__name__, str(error)[:60], line)
    assert found == _ending(script)
