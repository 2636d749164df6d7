"""Writes engine/preflight/torch_names.txt: the public names in PyTorch's namespaces, which `gradstep check` looks up.

scripts/torch_names.py            write the list, from the PyTorch that is installed
scripts/torch_names.py --check    exit code 1 if it is not what that PyTorch has
"""

from __future__ import annotations

import importlib
import sys
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

LIST = Path(__file__).resolve().parent.parent / "engine" / "preflight" / "torch_names.txt"
CLASSES = ("Tensor", "autograd.Function", "nn.Module", "nn.Parameter", "optim.Optimizer", "Generator", "Size")
MODULES = """
    nn nn.functional nn.init nn.utils nn.utils.rnn nn.utils.parametrize nn.utils.parametrizations nn.parallel nn.parameter
    nn.attention optim optim.lr_scheduler optim.swa_utils linalg fft special signal.windows autograd autograd.functional
    autograd.graph autograd.forward_ad autograd.function autograd.profiler autograd.anomaly_mode autograd.grad_mode func utils
    utils.data utils.checkpoint utils.tensorboard utils.dlpack utils.hooks utils.model_zoo utils.benchmark utils.cpp_extension
    utils.flop_counter amp cpu cpu.amp cuda cuda.amp mps xpu backends backends.cpu backends.cudnn backends.cuda backends.mkl
    backends.mkldnn backends.mps backends.openmp backends.opt_einsum accelerator distributions distributed jit onnx hub
    multiprocessing random testing overrides profiler sparse nested masked futures fx export compiler library package
    serialization storage types version return_types torch_version quasirandom functional monitor ao ao.quantization quantization
"""


def public(namespace: Any) -> list[str]:
    """The names that users are meant to find there: no underscore in front, and nothing that a module merely imported."""
    names = []
    replaced = getattr(namespace, "m", None)  # the modules of torch.backends put an object in their place
    for name in sorted({*dir(namespace), *(dir(type(namespace)) + dir(replaced) if isinstance(replaced, ModuleType) else ())}):
        if name.startswith("_"):
            continue
        found = getattr(namespace, name, None)
        home = getattr(found, "__module__", None) if not isinstance(found, ModuleType) else found.__name__
        if isinstance(namespace, ModuleType) and isinstance(home, str) and home.partition(".")[0] not in ("torch", "builtins", "math"):
            continue
        names.append(name)
    return names


def listing() -> str:
    """A line a namespace: its name, and its names."""
    import torch

    lines = [f"# public names of PyTorch {torch.__version__.partition('+')[0]}, written by scripts/torch_names.py"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for place in ["", *MODULES.split()]:
            where = f"torch.{place}".rstrip(".")
            try:
                module = importlib.import_module(where)
            except ImportError:  # tensorboard and the like need more than PyTorch
                lines.append(f"{where}:")
                continue
            lines.append(f"{where}: {' '.join(public(module))}")
        for place in CLASSES:
            found: Any = torch
            for part in place.split("."):
                found = getattr(found, part)
            lines.append(f"torch.{place}: {' '.join(public(found))}")
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    """Write the list, or compare it."""
    made = listing()
    if "--check" in arguments:
        return int(LIST.read_text(encoding="utf-8") != made)
    LIST.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
