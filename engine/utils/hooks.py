"""``torch.utils.hooks``: the handle that removes a hook."""

from ..autograd.hooks import RemovableHandle

__all__ = ["RemovableHandle"]
