"""Tensors made from data and shapes: values, types, sharing, copies and errors are PyTorch's."""

from __future__ import annotations

import copy
from typing import Any

import numpy
import pytest
import torch

import gradstep.engine as gs

from .compare import agree, fail_alike

X = numpy.random.default_rng(4).standard_normal((3, 4))

PROGRAMS = """
T.tensor(1)|T.tensor(1.5)|T.tensor(True)|T.tensor(1j)|T.tensor([1, 2.5])|T.tensor([True, 1])|T.tensor([1, 1j])|T.tensor([])
T.tensor([[]])|T.tensor(((1, 2), (3, 4)))
T.tensor(n.float64(1))|T.tensor(n.int32(1))|T.tensor([n.float32(1)])|T.tensor([n.float64(1)])|T.tensor([n.ones(2), n.ones(2)])
T.tensor([T.tensor(1.0, dtype=T.float64), 2])|T.tensor([T.tensor(1), 2.5])
T.tensor(n.ones((2, 3)))|T.tensor(n.ones((2, 3)).T)|T.tensor(n.arange(3))|T.tensor(n.array([True]))|T.tensor(range(3))
T.tensor(3, dtype=T.float64)|T.tensor(1.5, dtype=T.int32)|T.tensor(-1, dtype=T.uint8)|T.tensor([1.5, 2], requires_grad=True)
T.tensor(n.float32(2) * n.ones(2, "f"))
T.arange(5)|T.arange(2, 5)|T.arange(5, 2, -1)|T.arange(0, 1, 0.1)|T.arange(1.0, 2, 0.3)|T.arange(5, dtype=T.float32)|T.arange(5.0)
T.arange(True)|T.arange(0)|T.arange(start=1, end=4)|T.arange(1, 10, 3)|T.arange(10, 1, -3)|T.arange(-2.5, 2.5)
T.arange(3.0, requires_grad=True)|T.arange(end=3)
T.linspace(0, 1, 5)|T.linspace(0, 1, 1)|T.linspace(3, -3, 7)|T.linspace(0, 10, 5, dtype=T.int64)
T.linspace(-1, 1, 4, dtype=T.float64)|T.linspace(0, 1, 0)|T.linspace(T.tensor(0.0), 1, 3)|T.logspace(0, 2, 3)
T.logspace(-1, 1, 5, base=2)|T.linspace(0, 1, steps=50)|T.range(0, 3)
T.zeros(2, 3)|T.zeros((2, 3))|T.zeros([2, 3])|T.zeros(())|T.zeros(size=(2,))|T.zeros(T.Size([2]))|T.zeros(2, dtype=T.int64)
T.zeros(x.shape)|T.zeros(x.size(0), x.shape[1])|T.ones(2, 3, dtype=T.bool)|T.ones(3, requires_grad=True)|T.zeros(T.tensor(2), 3)
T.zeros(0, 3)
T.full((2,), True)|T.full((2,), 1)|T.full((2, 3), 1.5)|T.full((2,), 1j)|T.full((2,), 1, dtype=T.float64)|T.full([2], float("inf"))
T.eye(3)|T.eye(2, 3)|T.eye(3, dtype=T.bool)|T.eye(0)
T.zeros_like(x)|T.zeros_like(x, dtype=T.int32)|T.ones_like(x, requires_grad=True)|T.full_like(x, 2)|T.empty_like(x).fill_(1)
T.zeros_like(T.ones(2).long())
x.new_tensor([1, 2])|x.new_zeros(2, 3)|x.new_zeros((2, 3), dtype=T.int32)|x.new_ones(2)|x.new_full((2,), 3)|x.new_empty(2, 0)
x.long().new_tensor([1.7])|x.new_zeros(2, requires_grad=True)
T.scalar_tensor(3)|T.asarray([1, 2])|T.asarray(3.5, dtype=T.float64)|T.as_tensor([1.0, 2])|T.as_tensor(n.ones(2))|T.as_tensor(3)
T.as_tensor(x)|T.frombuffer(bytearray(8), dtype=T.float32)|T.empty_strided((2, 3), (1, 2)).fill_(1)|T.is_tensor(x)
T.Tensor([1, 2])|T.Tensor(2, 3).zero_()|T.Tensor()
"""


def run(source: str) -> Any:
    code = compile(source, source, "eval")
    return lambda T, x: eval(code, {"T": T, "x": x, "n": numpy})


@pytest.mark.parametrize("source", [p.strip() for line in PROGRAMS.strip().splitlines() for p in line.split("|")])
def test_is_what_pytorch_makes(source: str) -> None:
    agree(run(source), X, rtol=3e-7)


ERRORS = """
T.tensor(2**63)|T.tensor(None)|T.tensor([None])|T.tensor({1: 2})|T.tensor(1, requires_grad=True)|T.tensor("1")|T.tensor([1, "a"])
T.tensor([[1, 2], [3]])|T.tensor([[1, 2], 3])|T.tensor([1, [2]])
T.tensor(300, dtype=T.uint8)|T.tensor([300], dtype=T.uint8)|T.tensor((y for y in [1]))|T.tensor(float("nan"), dtype=T.int64)
T.tensor(n.ones(2)[::-1])|T.from_numpy(n.ones(2)[::-1])|T.from_numpy([1])|T.tensor(n.array(["a"]))
T.arange(1, 0)|T.arange(0, 1, 0)|T.arange(3, requires_grad=True)|T.linspace(0, 1, -1)|T.zeros(-1)|T.ones(-1)|T.empty(2, -1)
T.zeros("a")|T.zeros(2.0)|T.zeros()|T.ones((2, "a"))|T.eye(-1)|T.full((2,), "a")|T.full(2, 1.0)|T.full((-1,), 1.0)|T.zeros_like(3)
x.new_zeros(-1)
"""


@pytest.mark.parametrize("source", [p.strip() for line in ERRORS.strip().splitlines() for p in line.split("|")])
def test_is_refused_as_in_pytorch(source: str) -> None:
    fail_alike(run(source), X)


def test_copying_a_tensor_by_tensor_warns_as_in_pytorch() -> None:
    said = []
    for T in (gs, torch):
        with pytest.warns(UserWarning, match="To copy construct") as warnings:
            T.tensor(T.ones(2))
        said.append(str(warnings[0].message))
    assert said[0] == said[1]


def test_copies_of_objects_share_or_own_their_memory_as_in_pytorch() -> None:
    def program(T: Any, x: Any) -> Any:
        x.sum().backward()
        deep, shallow, list_of_two = copy.deepcopy(x), copy.copy(x), copy.deepcopy([x, x])
        with T.no_grad():
            x[0] = 7
        assert list_of_two[0] is list_of_two[1]
        return deep.detach(), deep.grad, shallow.detach(), T.tensor([deep.requires_grad, shallow.requires_grad])

    agree(program, X)


def test_only_leaves_are_copied_deeply() -> None:
    fail_alike(lambda T, x: copy.deepcopy(x * 2), X)


def test_memory_is_shared_with_numpy_where_it_is_in_pytorch() -> None:
    for T in (gs, torch):
        array = numpy.zeros(3)
        shared = [T.from_numpy(array), T.as_tensor(array), T.asarray(array)]
        own = [T.tensor(array), T.as_tensor(array, dtype=T.float32), T.asarray(array, copy=True)]
        array[0] = 1
        assert [float(t[0]) for t in shared + own] == [1, 1, 1, 0, 0, 0]
        shared[0].add_(1)
        assert array.tolist() == [2, 1, 1]
