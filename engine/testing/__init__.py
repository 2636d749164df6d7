"""``torch.testing``: comparing tensors in tests, and making some."""

from .comparison import assert_close
from .creation import make_tensor

__all__ = ["assert_close", "make_tensor"]
