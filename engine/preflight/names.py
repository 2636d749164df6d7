"""Which names PyTorch has, which of them the engine has, and what to say about the others.

PyTorch's names are a list of ours, ``torch_names.txt``, written by ``scripts/torch_names.py``; the engine is asked itself.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import warnings
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

ENGINE = "gradstep.engine"
_UNKNOWN = object()  # something whose attributes cannot be told from here
_ABSENT = object()
# attributes of many Python objects, too: saying that a tensor may be meant would mostly be wrong
_COMMON = frozenset({"index", "indices", "map_", "name", "names", "new", "resize", "solve", "values"})


@functools.cache
def pytorch() -> dict[str, tuple[str, ...]]:
    """The public names in each of PyTorch's namespaces (``torch.nn.functional``, ``torch.Tensor``)."""
    lines = (Path(__file__).parent / "torch_names.txt").read_text(encoding="utf-8").splitlines()
    split = (line.partition(":") for line in lines if not line.startswith("#"))
    return {place: tuple(names.split()) for place, _, names in split}


@functools.cache
def _found(path: str) -> Any:
    """What the engine has under a name of torch; ``_ABSENT`` where it lacks it, ``_UNKNOWN`` where only a run could tell."""
    if path == "torch":
        return importlib.import_module(ENGINE)
    outer, _, name = path.rpartition(".")
    holder = _found(outer)
    if holder is _ABSENT or holder is _UNKNOWN:
        return holder
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return getattr(holder, name)
        except (AttributeError, ImportError):
            pass
        if inspect.ismodule(holder):
            try:
                return importlib.import_module(f"{holder.__name__}.{name}")
            except ImportError:
                return _ABSENT
    return _ABSENT if inspect.isclass(holder) or type(holder).__name__ in _PLACES else _UNKNOWN


_PLACES = ("Backend", "_Cudnn", "_Cuda")  # objects that stand for modules


def has(path: str) -> bool:
    """Whether the engine has what is called ``path`` in PyTorch, or nobody can tell without running."""
    return _found(path) is not _ABSENT


def first_missing(path: str) -> str | None:
    """The shortest beginning of a dotted name that the engine lacks (``torch.jit`` of ``torch.jit.script``)."""
    parts = path.split(".")
    for end in range(2, len(parts) + 1):
        start = ".".join(parts[:end])
        found = _found(start)
        if found is _ABSENT:
            return start
        if found is _UNKNOWN:
            return None
    return None


def is_place(path: str) -> bool:
    """Whether the name stands for a module or a class, whose attributes are names too."""
    found = _found(path)
    return inspect.ismodule(found) or inspect.isclass(found) or path in pytorch()


def lacking_methods() -> frozenset[str]:
    """The methods and attributes that PyTorch's tensors have and ours have not, but for those that much else has too."""
    return frozenset(name for name in pytorch()["torch.Tensor"] if not has(f"torch.Tensor.{name}")) - _COMMON


@dataclass(frozen=True, slots=True)
class Count:
    """How many of the names of a namespace the engine has."""

    place: str
    have: int
    names: int
    lacking: tuple[str, ...]


def census() -> list[Count]:
    """How much of each of PyTorch's namespaces the engine has."""
    counts = []
    for place, names in pytorch().items():
        lacking = tuple(name for name in names if not has(f"{place}.{name}")) if has(place) else names
        counts.append(Count(place, len(names) - len(lacking), len(names), lacking))
    return counts


# what to do instead, by the beginning of the name; the longest that fits counts
_ADVICE = {
    "torch._": "it is private to PyTorch; use the public name",
    "torch.ao": "quantisation is not supported; keep the model in floating point",
    "torch.compile": "nothing is compiled here; leave the call out",
    "torch.cuda": "GPUs are reached through cupy; leave out what only PyTorch's own CUDA runtime has",
    "torch.distributed": "there is one process; guard it with torch.distributed.is_available()",
    "torch.export": "models are not exported; keep calling the module",
    "torch.fx": "graphs are recorded, not traced: gradstep record",
    "torch.hub": "nothing is downloaded; build the model in the script and load a checkpoint file",
    "torch.jit": "nothing is scripted; call the function or module itself",
    "torch.mps": "there is no Metal device here; use the CPU",
    "torch.nested": "nested tensors are not supported; pad, or pack with nn.utils.rnn",
    "torch.onnx": "models are not exported; use PyTorch for that",
    "torch.package": "packages are not supported; save the state dict",
    "torch.profiler": "use Python's profiler, or gradstep record",
    "torch.quantization": "quantisation is not supported; keep the model in floating point",
    "torch.sparse": "sparse tensors are not supported; use dense ones, or index_add and scatter_add",
    "torch.utils.cpp_extension": "C++ extensions need PyTorch itself; write an autograd.Function",
    "torch.utils.tensorboard": "write losses to a file, or gradstep record and open the tape",
    "torch.xpu": "there is no such device here; use the CPU",
}

NEED_TORCH = {
    "accelerate": "write the training loop by hand, or torch.amp",
    "apex": "use torch.amp and the layers of torch.nn",
    "bitsandbytes": "use the optimizers of torch.optim",
    "botorch": "",
    "captum": "gradients can be looked at in the window",
    "deepspeed": "write the training loop by hand",
    "dgl": "write the layer with index_add and scatter_add",
    "diffusers": "write the model with torch.nn",
    "fairseq": "write the model with torch.nn",
    "fastai": "write the training loop by hand",
    "flash_attn": "use torch.nn.functional.scaled_dot_product_attention",
    "gpytorch": "",
    "ignite": "write the training loop by hand",
    "kornia": "",
    "lightning": "write the training loop by hand",
    "monai": "",
    "peft": "",
    "pyro": "",
    "pytorch_lightning": "write the training loop by hand",
    "sentence_transformers": "",
    "skorch": "write the training loop by hand",
    "timm": "write the model with torch.nn",
    "torch_geometric": "write the layer with index_add and scatter_add",
    "torchaudio": "load the data with numpy or scipy, and torch.from_numpy",
    "torchdata": "use torch.utils.data",
    "torchmetrics": "compute the metric with tensor functions",
    "torchrl": "",
    "torchtext": "load and split the text in Python",
    "torchvision": "write the model with torch.nn, and load the data with numpy and torch.from_numpy",
    "transformers": "write the model with torch.nn",
    "triton": "write tensor functions",
    "xformers": "use torch.nn.functional.scaled_dot_product_attention",
}


def advice(path: str) -> str:
    """What to say about a name that the engine lacks: what to do instead, or the nearest name that it has."""
    fitting = [start for start in _ADVICE if path == start or path.startswith(start if start.endswith("_") else start + ".")]
    if fitting:
        return _ADVICE[max(fitting, key=len)]
    outer, _, name = path.rpartition(".")
    there = pytorch().get(outer, ())
    close = get_close_matches(name, [n for n in _names_in(outer) if not n.startswith("_")], 2, 0.75)
    near = f"the nearest name{'s here are' if len(close) > 1 else ' here is'} {' and '.join(close)}" if close else ""
    if there and name not in there:
        return "PyTorch 2.13 has no such name either" + (f"; {near}" if near else "")
    return near


def _names_in(path: str) -> list[str]:
    found = _found(path)
    return [] if found is _ABSENT or found is _UNKNOWN else dir(found)
