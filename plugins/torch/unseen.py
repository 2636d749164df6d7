"""What of PyTorch's cannot be looked into, in words for the tape."""

from __future__ import annotations

NODES = {
    "CopySlices": "a view was changed in place, and PyTorch does not tell which node runs inside; kernels show what it computes",
    "CompiledFunctionBackward": "the graph was compiled: its backward is one piece of machine code",
    "CompiledFunction": "the graph was compiled: its backward is one piece of machine code",
    "CppFunction": "this backward is written in C++, by an extension",
    "NotImplemented": "PyTorch has no backward for this op",
    "Error": "PyTorch raises an error where a gradient comes here",
    "DelayedError": "PyTorch raises an error where a gradient comes here",
}
OTHER = "this backward is not one of PyTorch's own, and has no Python to step through"
TRANSFORM = (
    "gradients inside torch.func (grad, vjp, jacrev, hessian) flow between wrappers that end with the transform: its backward passes are "
    "not recorded, its results are ops like others"
)
REPLICAS = (
    "the hooks with which DistributedDataParallel sums the gradients of all ranks are written in C++: what stands in .grad after a "
    "backward pass is the mean of the ranks, what arrives at AccumulateGrad is this rank's own"
)
WHOLES = {"DistributedDataParallel": REPLICAS}
