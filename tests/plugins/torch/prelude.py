"""What every program of ``compatibility.py`` begins with: imports, a seed, and ``emit``, which is given what shall be compared."""

from __future__ import annotations

PRELUDE = """
import os, sys, threading, warnings
import torch, torch.nn as nn, torch.nn.functional as F
from torch.utils.checkpoint import checkpoint
torch.manual_seed(0)
torch.set_num_threads(1)
EMITTED = []
def emit(*values):
    for value in values:
        if isinstance(value, (list, tuple)):
            emit(*value)
        elif value is None:
            EMITTED.append("None")
        elif isinstance(value, torch.Tensor):
            data = value.detach()
            if data.is_sparse:
                data = data.to_dense()
            if data.is_complex():
                data = torch.view_as_real(data.resolve_conj().resolve_neg())
            numbers = data.contiguous().double().reshape(-1).tolist()
            EMITTED.append((str(value.dtype), list(value.shape), [number.hex() for number in numbers]))
        else:
            EMITTED.append(repr(value))
def grads(*things):
    for thing in things:
        if isinstance(thing, nn.Module):
            grads(*thing.parameters())
        else:
            emit(thing.grad)
def leaf(*shape, **options):
    return torch.randn(*shape, **options).requires_grad_()
"""
