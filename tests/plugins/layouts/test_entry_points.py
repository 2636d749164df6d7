"""Every layout that pyproject.toml names can be loaded and is called alike."""

from __future__ import annotations

import tomllib
from importlib import import_module
from pathlib import Path

import networkx as nx
import pytest

PYPROJECT = Path(__file__).parents[3] / "pyproject.toml"
LAYOUTS = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]["entry-points"]["gradstep.layouts"]


@pytest.mark.parametrize("name", sorted(LAYOUTS))
def test_a_named_layout_places_every_box(name):
    module, function = LAYOUTS[name].split(":")
    layout = getattr(import_module(module), function)
    graph = nx.DiGraph([("a", "b"), ("b", "c")])
    answer = layout(graph, dict.fromkeys(graph, (80, 40)), groups={"a": (1,)}, layer_gap=30, node_gap=20, direction="right")
    positions = getattr(answer, "positions", answer)  # a mapping of centres, or an object that has more to say
    assert set(positions) == set(graph)
    assert positions["a"][0] < positions["b"][0] < positions["c"][0]
