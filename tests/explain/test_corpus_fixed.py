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
from gradstep.engine.explain.finding import Kind, Severity

from .corpus import FOLDER, record

FIXED = FOLDER.parent / "corpus_fixed"
BROKEN = sorted([*FOLDER.glob("inplace/*.py"), *FOLDER.glob("freed/*.py")])
BY_HAND = frozenset(  # lines are to be moved, or it is to be said what shall be trained
    (
        "freed.same-loss", "freed.computed-once", "freed.shared-forward", "freed.already-done", "freed.saved-read",
        "inplace.optimizer-step", "inplace.no-grad-update", "inplace.buffer", "inplace.custom-function", "inplace.no-grad-view",
    )
)  # fmt: skip
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


@pytest.mark.parametrize("script", BROKEN, ids=_id)
def test_a_fix_for_machines_does_away_with_what_it_is_told_for(script: Path, tmp_path: Path) -> None:
    changed = tmp_path / script.name
    changed.write_text(script.read_text())
    for _ in range(5):  # a second line may have the same fault
        told = [finding for finding in findings(record(changed)) if finding.kind in (Kind.INPLACE, Kind.FREED)]
        rewrite = told[0].details.get("rewrite") if told else None
        if rewrite is None:
            break
        lines = changed.read_text().splitlines()
        lines[rewrite["line"] - 1 : rewrite["last"]] = rewrite["text"].splitlines()
        changed.write_text("\n".join(lines) + "\n")
    assert [finding.code for finding in told if finding.code not in BY_HAND] == [], changed.read_text()
    if not told:
        assert _ending(changed) is None
