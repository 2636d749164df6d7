"""What goes with training, under the names of ``torch.utils``."""

from . import data, hooks

__all__ = ["data", "hooks"]
