"""Which entries of PyTorch's own op database count, which do not and why, and the state that each is expected to be in.

An entry that is not in ``op_states.txt`` passes. The file is written by ``python scripts/parity.py --write``.
"""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # about tools that PyTorch's own tests would like to have
    from torch.testing._internal.common_methods_invocations import op_db

STATES = Path(__file__).with_name("op_states.txt")
STAGES = ("missing", "forward", "backward", "variants", "passes")  # what an entry fails at, in the order of asking

# pattern of an entry's name -> why it does not count
EXCLUDED: dict[str, str] = {
    r"sparse\..*|to_sparse": "sparse tensors",
    r"jiterator_.*": "kernels compiled for a GPU at run time",
    r"bmm/triton_optimized|nn\.functional\.batch_norm/without_cudnn": "samples for GPUs only",
    r"torch\.(_|ops\.aten\.).*": "internal kernels",
    r"_(?!_|segment_reduce).*": "internal kernels",
    r"native_.*|max_pool2d_with_indices_backward|slice": "kernels that PyTorch's documentation does not name",
    r"chalf": "complex32, which PyTorch itself computes hardly anything in",
}


def name_of(entry: Any) -> str:
    """The entry's name, with its variant: ``max/reduction_with_dim``."""
    return str(entry.name) + (f"/{entry.variant_test_name}" if entry.variant_test_name else "")


def why_excluded(name: str) -> str | None:
    """The reason why an entry does not count; None if it does."""
    return next((reason for pattern, reason in EXCLUDED.items() if re.fullmatch(pattern, name)), None)


ENTRIES: dict[str, Any] = {name_of(entry): entry for entry in op_db if why_excluded(name_of(entry)) is None}
LEFT_OUT: dict[str, str] = {name_of(entry): why for entry in op_db if (why := why_excluded(name_of(entry))) is not None}


def read_states() -> dict[str, tuple[str, str]]:
    """For each entry that does not pass the stage that it fails at, and what was found."""
    states: dict[str, tuple[str, str]] = {}
    for line in STATES.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, stage, reason = line.split(None, 2)
            states[name] = (stage, reason)
    return states


def write_states(states: dict[str, tuple[str, str]]) -> None:
    """Note the entries that do not pass."""
    head = [
        "# Entries of PyTorch's op database that do not pass yet: the stage that they fail at, and the first thing that was found.",
        "# Written by `python scripts/parity.py --write`; an entry that is not listed passes forward and backward, as method and in place.",
    ]
    lines = [f"{name} {stage} {reason}" for name, (stage, reason) in sorted(states.items())]
    STATES.write_text("\n".join([*head, *lines]) + "\n", encoding="utf-8")
