"""Ops of plug-ins: a family from outside becomes part of the engine, and replaces nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ..strangers import install

FAMILY = '''
from __future__ import annotations

from gradstep.engine.op import Array, op

@op(vjp={"a": lambda g, a: g * 3 * a * a}, samples=lambda rand: [(rand(3),)])
def cubed(xp, a: Array):
    """The third power of each element."""
    return a * a * a

TORCH = {"cubed": cubed}
TENSOR = {"cubed": cubed}
'''
SCRIPT = """
import torch
x = torch.tensor([2.0], requires_grad=True)
x.cubed().backward()
print(torch.cubed(x).item(), x.grad.item(), torch.cubed(x).grad_fn.name())
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    return tmp_path


def gradstep(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "gradstep", *words], capture_output=True, text=True, check=False)


def test_a_script_uses_the_ops_of_a_plug_in_that_is_on(place: Path) -> None:
    install(place, FAMILY, {"gradstep.ops": {"powers": "my_package"}})
    record = ["record", "-o", str(place / "run.gst"), str(place / "script.py")]
    assert "has no attribute 'cubed'" in gradstep(*record).stderr
    assert gradstep("plugins", "on", "my-package").returncode == 0
    (place / "run.gst").unlink()
    done = gradstep(*record)
    assert done.stdout == "8.0 12.0 CubedBackward0\n", done.stderr


def test_a_family_that_would_replace_a_name_is_left_out_and_told_of(place: Path) -> None:
    install(place, FAMILY.replace('TORCH = {"cubed"', 'TORCH = {"exp"'), {"gradstep.ops": {"powers": "my_package"}})
    gradstep("plugins", "on", "my-package")
    done = gradstep("record", "-o", str(place / "run.gst"), str(place / "script.py"))
    assert "would replace torch.exp" in done.stdout + done.stderr
    assert "has no attribute 'cubed'" in done.stderr
