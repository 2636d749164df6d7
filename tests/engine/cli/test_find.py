"""`gradstep inspect --find`: the elements of values on a tape that are what is looked for."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

import gradstep.engine as gs
from gradstep.engine.cli.main import main
from gradstep.engine.tape import hits
from gradstep.engine.tape.log import Writer
from gradstep.engine.tape.recorder import Recorder, recording
from gradstep.engine.tape.schema import Meta, Payload, Tensor, Val


@pytest.fixture
def tape(tmp_path: Path) -> str:
    """A weight with a gradient of which one element is infinite."""
    path = str(tmp_path / "run.gst")
    recorder = Recorder(Writer(path))
    with recording(recorder):
        w = gs.tensor([[1.0, 0.0], [4.0, 9.0]], requires_grad=True)
        w.sqrt().sum().backward()
    recorder.close()
    return path


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(["inspect", *words])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_all_values_are_looked_through_and_those_with_hits_told(capsys: pytest.CaptureFixture[str], tape: str) -> None:
    code, text, _ = told(capsys, tape, "--find", "inf")
    assert code == 0
    assert "w.grad" in text
    assert "    [0, 1]  inf" in text
    assert "w  #" not in text


def test_a_value_is_meant_by_name_or_number_and_version(capsys: pytest.CaptureFixture[str], tape: str) -> None:
    code, text, _ = told(capsys, tape, "--find", "> 3", "--value", "w")
    assert (code, text.splitlines()[0].endswith("@0  float32 [2, 2]: 2 of 4")) == (0, True)
    number = text.split("#")[1].split("@")[0]
    assert told(capsys, tape, "--find", "> 3", "--value", f"#{number}@0")[1] == text
    assert told(capsys, tape, "--find", "> 3", "--value", number)[1] == text
    code, _, said = told(capsys, tape, "--find", "> 3", "--value", "nosuch")
    assert code == 66
    assert "there are w" in said
    assert told(capsys, tape, "--find", "> 3", "--value", f"{number}@7")[0] == 66


def test_json_gives_index_and_number_of_the_first_hits(capsys: pytest.CaptureFixture[str], tape: str) -> None:
    _, text, _ = told(capsys, tape, "--find", "finite", "--value", "w.grad", "--most", "2", "--json")
    facts = json.loads(text)
    (value,) = facts["values"]
    assert (facts["version"], facts["find"], facts["searched"]) == (1, "finite", 1)
    assert (value["name"], value["shape"], value["size"], value["hits"]) == ("w.grad", [2, 2], 4, 3)
    assert value["first"] == [{"index": [0, 0], "value": 0.5}, {"index": [1, 0], "value": 0.25}]


def test_what_is_wrong_is_said(capsys: pytest.CaptureFixture[str], tape: str) -> None:
    code, _, said = told(capsys, tape, "--find", "1..0")
    assert code == 2
    assert "0..1" in said
    assert told(capsys, tape, "--value", "w")[0] == 2
    assert "real is a part" in told(capsys, tape, "--find", "real > 0", "--value", "w")[1]


def test_a_large_value_is_read_piece_by_piece(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    value = np.zeros((5, 70, 11), np.float64)
    value[4, 69, 10] = value[2, 3, 4] = 7.5
    value[0, 0, 0] = math.nan
    writer = Writer(tmp_path / "a.gst")
    writer.write(Tensor(1, Meta("float64", value.shape, "cpu"), 1))
    writer.write(Payload(Val(1, 0), "float64", value.shape, value.tobytes()))
    writer.close()
    monkeypatch.setattr(hits, "PIECE", 100)
    _, text, _ = told(capsys, str(tmp_path / "a.gst"), "--find", "max")
    assert text.splitlines()[:3] == ["#1@0  float64 [5, 70, 11]: 2 of 3,850", "    [2, 3, 4]  7.5", "    [4, 69, 10]  7.5"]
