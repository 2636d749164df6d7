"""The op reference is what the declarations say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_the_page_is_up_to_date(root: Path) -> None:
    ended = subprocess.run([sys.executable, "scripts/op_reference.py", "--check"], cwd=root, capture_output=True, text=True)
    assert ended.returncode == 0, f"run scripts/op_reference.py {ended.stderr}"
