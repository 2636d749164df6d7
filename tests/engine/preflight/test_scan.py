"""Names of torch are followed through imports, assignments and scopes, with their places."""

from __future__ import annotations

import ast
import textwrap

import pytest

from gradstep.engine.preflight.scan import Import, Use, uses


def names(text: str) -> list[str]:
    found = uses(ast.parse(textwrap.dedent(text)))
    return [use.path.removeprefix("torch.") for use in found if isinstance(use, Use) and not use.method]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import torch\ntorch.relu", ["relu"]),
        ("import torch as t\nt.nn.Linear(2, 3)", ["nn.Linear"]),
        ("import torch.nn as nn\nnn.Linear", ["nn", "nn.Linear"]),
        ("import torch.nn.functional as F\nF.relu(x)", ["nn.functional", "nn.functional.relu"]),
        ("from torch import nn, relu as r\nnn.ReLU\nr", ["nn", "relu", "nn.ReLU"]),
        ("from torch.optim import AdamW", ["optim.AdamW"]),
        ("from torch.nn import *", ["nn"]),
        ("import gradstep.engine as torch\ntorch.relu", ["relu"]),
        ("from gradstep import engine as torch\ntorch.relu", ["relu"]),
        ("import torch\nnn = torch.nn\nnn.Linear", ["nn", "nn.Linear"]),
        ("import torch\nLinear = torch.nn.Linear\nLinear.from_float", ["nn.Linear", "nn.Linear.from_float"]),
        ("import torch\n@torch.no_grad()\ndef f(): pass", ["no_grad"]),
        ("import torch\nclass M(torch.nn.Module): pass", ["nn.Module"]),
        ("import torch\ndef f(x: torch.Tensor = torch.one) -> torch.two: pass", ["Tensor", "one", "two"]),
        ("import torch\ngetattr(torch, 'x')", ["x"]),
        ("import torch\ntorch.backends.cudnn.benchmark = True", ["backends.cudnn.benchmark"]),
        ("import torch\nf'{torch.pi}'", ["pi"]),
        ("import torch\n[torch.a for _ in torch.b]", ["a", "b"]),
        # what is not PyTorch, any more or at all
        ("import numpy as torch\ntorch.relu", []),
        ("import torch\ndef f(torch): torch.relu", []),
        ("import torch\ntorch = 3\ntorch.relu", []),
        ("import torch\nfor torch in y: torch.relu", []),
        ("from .torch import nn\nnn.Linear", []),
        # what the script does not rely on
        ("import torch\nhasattr(torch, 'x')\ngetattr(torch, 'x', None)", []),
        ("try:\n    import torch.x\nexcept ImportError:\n    pass", []),
        ("import torch\ntry:\n    torch.x\nexcept (KeyError, AttributeError):\n    torch.y", ["y"]),
        ("import torch\ntry:\n    torch.x\nexcept ValueError:\n    pass", ["x"]),
        # what only a run could tell
        ("import torch\ntorch.relu(x).foo.bar", ["relu"]),
    ],
)
def test_a_name_is_followed(text: str, found: list[str]) -> None:
    assert sorted(names(text)) == sorted(found)


def test_a_use_knows_its_place() -> None:
    (use,) = [u for u in uses(ast.parse("import torch\nif x:\n    y = torch.nn.\\\n        Foo()")) if isinstance(u, Use)]
    assert (use.path, use.line, use.column) == ("torch.nn.Foo", 3, 9)


@pytest.mark.parametrize(
    ("text", "certain"),
    [
        ("torch.zeros(3).foo()", True),
        ("x = torch.zeros(3)\nx.foo()", True),
        ("x = torch.zeros(3) * 2\n(-x).relu().foo()", True),
        ("def f(x: torch.Tensor):\n    x.foo()", True),
        ("x.foo()", False),
        ("x = torch.zeros(3)\nx = y\nx.foo()", False),
        ("torch.zeros(3).item().foo()", False),
        ("torch.is_tensor(x).foo()", False),
        ("torch.zeros(3).tolist().foo()", False),
    ],
)
def test_a_method_is_certain_where_a_tensor_evidently_has_it(text: str, certain: bool) -> None:
    (use,) = [u for u in uses(ast.parse("import torch\n" + text)) if isinstance(u, Use) and u.path == "torch.Tensor.foo"]
    assert use.certain is certain


def test_imports_of_others_are_told_by_their_first_name() -> None:
    found = uses(ast.parse("import numpy, timm.models\nfrom transformers import AutoModel\nfrom . import mine"))
    assert [use.name for use in found if isinstance(use, Import)] == ["numpy", "timm", "transformers"]
