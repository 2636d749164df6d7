"""The engine: tensors that autograd follows, spelled and behaving like PyTorch's. ``import gradstep.engine as torch``."""

from . import methods as _methods
from .creation import as_tensor, from_numpy, ones, tensor, zeros
from .tensor import Size, Tensor
