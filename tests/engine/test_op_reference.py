"""The op reference is what the declarations say."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gradstep.engine.op import OPS


@pytest.fixture(scope="module")
def calls(root: Path) -> Iterator[Any]:
    sys.path.insert(0, str(root / "scripts"))
    try:
        yield importlib.import_module("op_calls")
    finally:
        sys.path.remove(str(root / "scripts"))


def test_the_page_is_up_to_date(root: Path) -> None:
    ended = subprocess.run([sys.executable, "scripts/op_reference.py", "--check"], cwd=root, capture_output=True, text=True)
    assert ended.returncode == 0, f"run scripts/op_reference.py {ended.stderr}"


def test_a_public_op_has_the_signature_of_its_function(calls: Any) -> None:
    assert calls.call(OPS["as_strided"]) == "torch.as_strided(input, size, stride, storage_offset=None)"  # the op has one more
    assert calls.call(OPS["put"]) == "Tensor.put(index, source, accumulate=False)"
    assert calls.call(OPS["max_dim"]) == "torch.max(input, dim, keepdim=False)"


def test_an_op_without_a_public_name_is_reached_through_functions_or_stands_in_a_gradient(calls: Any) -> None:
    assert calls.call(OPS["convolution"]) == ""
    assert any(call.startswith("torch.nn.functional.conv2d(input, weight") for call in calls.callers()[OPS["convolution"]])
    assert "softmax" in calls.rules_with()[OPS["softmax_backward_data"]]
    public = {name: op for name, op in OPS.items() if not name.startswith("_")}  # forward AD, once it is used, has one of its own
    lost = [name for name, op in public.items() if not (calls.call(op) or calls.callers().get(op) or calls.rules_with().get(op))]
    assert lost == ["standard_gamma"]  # of the distributions


def test_a_helper_keeps_its_name_only_where_nothing_else_has_it(calls: Any) -> None:
    text, helpers = calls.rule_text(OPS["addmm"].rules["mat1"])
    assert text == "times_of(mm(g, th(mat2)), alpha)"  # there is an op times
    assert set(helpers) == {"times_of", "th", "conj_of"}
    assert "isinstance(factor, complex)" in helpers["times_of"]
