"""Where scripts look for modules and samplers beside their public names."""

from __future__ import annotations

import importlib

import pytest

import gradstep.engine as torch
from gradstep.engine.nn.modules.utils import _pair, _reverse_repeat_tuple, _triple, consume_prefix_in_state_dict_if_present


@pytest.mark.parametrize(
    ("place", "name", "one"),
    [
        ("nn.modules.batchnorm", "_BatchNorm", lambda: torch.nn.BatchNorm3d(2)),
        ("nn.modules.instancenorm", "_InstanceNorm", lambda: torch.nn.InstanceNorm2d(2)),
        ("nn.modules.conv", "_ConvNd", lambda: torch.nn.ConvTranspose1d(1, 1, 1)),
        ("nn.modules.linear", "Linear", lambda: torch.nn.Linear(1, 1)),
        ("nn.modules.container", "Sequential", lambda: torch.nn.Sequential()),
        ("utils.data.distributed", "DistributedSampler", lambda: torch.utils.data.DistributedSampler([1], 1, 0)),
        ("utils.data.dataloader", "DataLoader", lambda: torch.utils.data.DataLoader([1])),
    ],
)
def test_a_class_stands_where_pytorch_has_it(place: str, name: str, one: object) -> None:
    found = getattr(importlib.import_module(f"gradstep.engine.{place}"), name)
    assert isinstance(one(), found)  # type: ignore[operator]


def test_numbers_are_repeated_for_each_dimension() -> None:
    assert (_pair(3), _triple([1, 2, 3]), _reverse_repeat_tuple((1, 2), 2)) == ((3, 3), (1, 2, 3), (2, 2, 1, 1))


def test_the_prefix_of_a_wrapper_is_taken_off_a_state_dict() -> None:
    wrapped = torch.nn.Sequential()
    wrapped.add_module("module", torch.nn.Linear(2, 1))
    state = wrapped.state_dict()
    consume_prefix_in_state_dict_if_present(state, "module.")
    assert str(torch.nn.Linear(2, 1).load_state_dict(state)) == "<All keys matched successfully>"
    assert list(state._metadata) == [""]
