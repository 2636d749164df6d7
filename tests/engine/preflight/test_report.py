"""What the preflight of a script says: files, places, hints."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from gradstep.engine.preflight.names import advice, census, first_missing, pytorch
from gradstep.engine.preflight.report import Preflight, preflight

Check = Callable[..., Preflight]


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """The preflight of a script, with other files of its folder by name."""

    def check(text: str, **others: str) -> Preflight:
        for name, content in {"script": text, **others}.items():
            file = tmp_path / (name.replace("__", "/") + ".py")
            file.parent.mkdir(exist_ok=True)
            file.write_text(textwrap.dedent(content), encoding="utf-8")
        return preflight(tmp_path / "script.py")

    return check


def test_nothing_is_missing_in_a_plain_training_script(check: Check) -> None:
    found = check(
        """
        import torch
        from torch import nn
        import torch.nn.functional as F

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.layer = nn.Linear(2, 3)

            def forward(self, x):
                return F.relu(self.layer(x)).mean(dim=1)

        net = Net()
        optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3)
        for _ in range(3):
            optimizer.zero_grad()
            loss = F.mse_loss(net(torch.randn(4, 2)), torch.zeros(4))
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
        print(loss.item())
        """
    )
    assert found.findings == ()
    assert found.missing == 0
    assert found.names > 5


def test_a_missing_name_is_told_with_its_place_and_the_nearest_one(check: Check, tmp_path: Path) -> None:
    (finding,) = check("import torch\nx = [torch.zeroes(3)]").findings
    assert finding.text() == (
        f"{tmp_path / 'script.py'}:2:6: torch.zeroes is not there; PyTorch 2.13 has no such name either; the nearest name here is zeros"
    )


def test_modules_of_the_scripts_folder_are_looked_through_too(check: Check) -> None:
    found = check(
        "import model, numpy\nfrom parts.blocks import Block",
        model="import other\nimport torch\ntorch.quux",
        other="import model",
        parts__blocks="from . import deep\nimport torch\ntorch.nn.Quux",
        parts__deep="import torch\ntorch.linalg.quux",
        unused="import torch\ntorch.never",
    )
    assert sorted(finding.name for finding in found.findings) == ["torch.linalg.quux", "torch.nn.Quux", "torch.quux"]
    assert len(found.files) == 5


def test_what_may_be_a_tensor_is_no_failure(check: Check) -> None:
    found = check("def f(x):\n    return x.to_mkldnn()")
    assert [(finding.kind, finding.name) for finding in found.findings] == [("maybe", "Tensor.to_mkldnn")]
    assert check("def f(x):\n    return x.values()").findings == ()
    assert found.missing == 0


def test_packages_that_need_pytorch_are_told(check: Check) -> None:
    found = check("import transformers\nimport numpy")
    assert [(finding.kind, finding.name) for finding in found.findings] == [("package", "transformers")]
    assert found.missing == 1


def test_advice_says_what_to_do_instead() -> None:
    assert "PyTorch" in advice("torch.onnx.export")
    assert advice("torch.nn.Linera").endswith("Linear")
    assert first_missing("torch.nn.Linear") is None
    assert first_missing("torch.version.cuda") is None  # it is there, and None
    assert first_missing("torch.quux.deep.er") == "torch.quux"


def test_the_census_counts_names_of_every_namespace() -> None:
    counts = {count.place: count for count in census()}
    assert set(counts) == set(pytorch())
    assert counts["torch.Size"].have == counts["torch.Size"].names
    assert all(count.have + len(count.lacking) == count.names for count in counts.values())
    assert counts["torch"].have > 400
