"""Every script of the corpus of explanations is explained on real PyTorch as it is on gradstep's own engine, but for those named here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gradstep.engine.explain.finding import Severity

from ...explain.corpus import FOLDER, expected

pytest.importorskip("torch", reason="PyTorch is not installed here")

NOT_YET = {
    "freed/second_hessian_row": "the graph's ops have other nodes there: the tie is taken for a shared forward",
    "nan/masked_class_is_the_label": "cross_entropy is one op: its log_softmax is not on the tape by itself",
    "nan/nan_in_the_data": "the data passes an op that stands before the diagnosis' data",
    "nan/uninitialised_scale": "what first fills a parameter is not on the tape",
    "severed/grad_left_off_in_the_second_step": "under autocast the cut is met at a line further in",
    "severed/numpy_loss": "numpy's part of the line is not seen: .data is named",
    "severed/numpy_round_trip": "numpy() of what was detached is no op: detach is named",
    "severed/returned_as_numpy": "numpy() of what was detached is no op: detach is named",
    "severed/sample_instead_of_rsample": "sample() runs in PyTorch's own no_grad, which is named",
    "zero/both_factors_start_at_zero": "the product is told by another op",
    "zero/mask_selects_nothing": "the mask is told by another op",
}
SCRIPTS = sorted(FOLDER.glob("*/*.py"))


def _marked(script: Path) -> Any:
    name = f"{script.parent.name}/{script.stem}"
    why = NOT_YET.get(name)
    return pytest.param(script, id=name, marks=pytest.mark.xfail(strict=True, reason=why) if why else ())


@pytest.mark.parametrize("script", [_marked(script) for script in SCRIPTS])
def test_a_script_on_pytorch_is_explained_as_it_says(script: Path) -> None:
    from .explained import found

    wanted = expected(script)
    told = [finding for finding in found(script) if finding.severity is not Severity.NOTE or finding.code in wanted.codes]
    assert sorted(finding.code for finding in told) == sorted(wanted.codes), [f"{f.code}: {f.text}" for f in told]
    places = [(place.role, place.frame.line) for finding in told for place in finding.places]
    for role, lines in wanted.lines.items():
        assert sorted({line for r, line in places if r == role}) == lines, (role, places)
    for key, value in wanted.details.items():
        assert [_numbers(finding.details.get(key)) for finding in told] == [value], (key, [finding.details for finding in told])


def _numbers(told: Any) -> Any:
    return [float(number) for number in told] if isinstance(told, list) else told


@pytest.mark.parametrize("name", ["saved_output", "in_place_in_the_loss"])
def test_a_change_in_place_is_placed_also_where_nodes_do_not_tell_what_they_keep(name: str, tmp_path: Path, monkeypatch: Any) -> None:
    """As those of PyTorch 2.4."""
    from gradstep.plugins.torch import introducer

    from .explained import found

    monkeypatch.setattr(introducer, "saved_of", lambda node, known=None: [])
    body = {"saved_output": "y = w.sigmoid()\ny += 1", "in_place_in_the_loss": "x = w * 2\ny = x * x\nx.add_(1)"}[name]
    script = tmp_path / "script.py"
    script.write_text(f"import torch\nw = torch.ones(3, requires_grad=True)\n{body}\ny.sum().backward()\n")
    (finding,) = found(script)
    assert finding.code.startswith("inplace.")
    assert finding.code != "inplace.unknown"
    assert [place.frame.line for place in finding.places if place.role == "changed"] == [4 if name == "saved_output" else 5]
