"""Optimizers and schedules of learning rates, under the names of ``torch.optim``."""

from .. import methods  # tensors need their operators
from . import lr_scheduler
from .algorithms import LBFGS, SGD, Adadelta, Adagrad, Adam, Adamax, AdamW, NAdam, RAdam, RMSprop
from .optimizer import Optimizer

__all__ = [
    "LBFGS", "SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "NAdam", "Optimizer", "RAdam", "RMSprop", "lr_scheduler", "methods",
]  # fmt: skip
