"""Our list of PyTorch's names is PyTorch's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def test_the_list_of_names_is_that_of_the_pytorch_here() -> None:
    done = subprocess.run([sys.executable, str(ROOT / "scripts" / "torch_names.py"), "--check"], capture_output=True, check=False)
    assert done.returncode == 0, "write it anew with scripts/torch_names.py"
