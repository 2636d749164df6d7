"""Folders for ``PYTHONPATH`` that give names to this engine in a user's program, its workers and its subprocesses.

``house`` makes ``gradstep`` importable where it is not installed; ``as_torch`` makes ``import torch`` mean this engine.
"""

from pathlib import Path

HOUSE = str(Path(__file__).parent / "house")
AS_TORCH = str(Path(__file__).parent / "as_torch")


def folders(engine: str) -> list[str]:
    """What goes first on the path of a program whose ``import torch`` means ``engine``: ours ("gradstep"), or that of a target."""
    return [AS_TORCH, HOUSE] if engine == "gradstep" else [HOUSE]
