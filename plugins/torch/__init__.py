"""Real PyTorch under the debugger: the target behind ``--engine torch``. Loads torch when the user's script does, not before."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .target import TorchTarget


def make() -> TorchTarget:
    """The entry point in ``gradstep.targets``. Not named as a module here is: that takes the name once it is imported."""
    from .target import TorchTarget

    return TorchTarget()
