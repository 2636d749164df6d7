"""Scripts that several cases run."""

from textwrap import dedent, indent

HEAD = """
import torch
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
"""

# a chain of six nodes, in the middle of whose backward NOW happens
IN_BACKWARD = """
import os, signal, sys, threading, time, ctypes
import torch
class Broken(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 1
    @staticmethod
    def backward(ctx, g):
        NOW
        return g
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
loss = (Broken.apply(x * 2) * 3).exp().sum()
print("before", flush=True)
loss.backward()
print("after", flush=True)
"""

FINE = HEAD + "(x * x).sum().backward()\nprint(x.grad.tolist(), flush=True)\n"


def in_backward(now: str) -> str:
    """A script in which ``now`` happens in the middle of backward."""
    return IN_BACKWARD.replace("        NOW", indent(dedent(now).strip(), 8 * " "))
