"""The commands that read a tape: explain, diff, flow, ledger."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import gradstep.engine as gs
from gradstep.engine.cli.main import main
from gradstep.engine.tape.log import Writer
from gradstep.engine.tape.recorder import Recorder, recording


@pytest.fixture
def tape(tmp_path: Path) -> str:
    """A tape of three passes with a weight that is used twice."""
    path = str(tmp_path / "run.gst")
    recorder = Recorder(Writer(path))
    gs.manual_seed(0)
    with recording(recorder):
        w = gs.randn(4, 3, requires_grad=True)
        for _ in range(3):
            x = gs.randn(5, 4)
            ((x @ w) @ w.t() - x).pow(2).mean().backward()
    recorder.close()
    return path


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = main(list(words))
    return code, capsys.readouterr().out


def as_json(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    code, text = told(capsys, *words, "--json")
    return code, json.loads(text)


def test_ledger_shows_paths_and_passes(capsys: pytest.CaptureFixture[str], tape: str) -> None:
    code, text = told(capsys, "ledger", tape)
    assert code == 0
    assert "w, used 2 times (run " in text
    assert ".grad of w: norm" in text
    code, facts = as_json(capsys, "ledger", tape, "--leaf", "w")
    assert [len(entry["addends"]) for entry in facts["entries"]] == [2, 2, 2, 3]
    assert all(entry["exact"] for entry in facts["entries"])
    assert main(["ledger", tape, "--leaf", "nosuch"]) == 66
    assert "there are w" in capsys.readouterr().err


def test_flow_is_a_table_of_norms(capsys: pytest.CaptureFixture[str], tape: str) -> None:
    code, text = told(capsys, "flow", tape)
    assert code == 0
    assert text.splitlines()[1].split()[0] == "w"
    code, facts = as_json(capsys, "flow", tape)
    norms = facts["parameters"][0]["norms"]
    assert len(norms) == 3
    assert all(norm > 0 for norm in norms)


def test_diff_tells_the_same_from_the_different_by_its_exit_code(capsys: pytest.CaptureFixture[str], tape: str) -> None:
    code, text = told(capsys, "diff", tape, tape)
    assert (code, "no difference" in text) == (0, True)
    code, facts = as_json(capsys, "diff", tape, "--iterations", "0", "1")
    assert (code, facts["same"], facts["parted"]) == (1, False, None)
    assert facts["first"]["a"]["kind"] == "op"
    assert main(["diff", tape]) == 2
    assert main(["diff", tape, "--iterations", "0", "9"]) == 2
    assert "3 iterations, no iteration 9" in capsys.readouterr().err


def test_explain_says_that_nothing_is_wrong_or_what_is(capsys: pytest.CaptureFixture[str], tape: str, tmp_path: Path) -> None:
    code, text = told(capsys, "explain", tape)
    assert (code, "nothing to explain" in text) == (0, True)
    script = tmp_path / "bad.py"
    script.write_text("import torch\nx = torch.zeros(2, requires_grad=True)\nprint('hello')\nx.sqrt().sum().backward()\n")
    code, facts = as_json(capsys, "explain", str(script))
    (finding,) = facts["findings"]
    assert code == 1
    assert finding["code"] == "nan.sqrt-slope"
    assert [(place["role"], place["line"]) for place in finding["places"]] == [("born", 4), ("used", 4)]
    assert main(["explain", str(script), "--only", "zero"]) == 0
    assert main(["explain", str(script), "--only", "nosuch"]) == 2
    assert main(["explain", str(tmp_path / "none.py")]) == 66


def test_check_fails_on_what_it_was_told_to_fail_on(capsys: pytest.CaptureFixture[str], tape: str, tmp_path: Path) -> None:
    script = tmp_path / "bad.py"
    script.write_text("import sys, torch\nx = torch.zeros(2, requires_grad=True)\nx.sqrt().sum().backward()\nprint(sys.argv[1:])\n")
    code, text = told(capsys, "check", str(script), "--fail-on", "nan,severed", "--", "--epochs", "1")
    assert code == 1
    assert "nan.sqrt-slope" in text
    assert main(["check", str(script), "--fail-on", "severed,leak"]) == 0
    assert "none of severed, leak" in capsys.readouterr().out
    assert main(["check", tape, "--fail-on", "nan"]) == 0
    script.write_text("raise ValueError('no')\n")
    capsys.readouterr()
    code, facts = as_json(capsys, "check", str(script), "--fail-on", "nan")
    assert (code, facts["exit_code"], facts["findings"]) == (1, 1, [])
    assert main(["check", str(script), "extra"]) == 2
    assert main(["check", str(script), "--fail-on", "nosuch"]) == 2


def test_inspect_sums_up_what_ops_cost(capsys: pytest.CaptureFixture[str], tape: str) -> None:
    code, text = told(capsys, "inspect", tape, "--ops")
    assert code == 0
    assert {line.split()[0] for line in text.splitlines()} >= {"op", "sub", "AccumulateGrad"}
    code, facts = as_json(capsys, "inspect", tape, "--ops", "device")
    assert [line["name"] for line in facts["lines"]] == ["cpu"]
    code, text = told(capsys, "inspect", tape, "--ops", "module", "--csv")
    assert text.startswith("module,ops,steps,")
    assert main(["inspect", tape, "--csv"]) == 2
    assert "--ops --csv" in capsys.readouterr().err
