"""Drawings without groups: as few crossings as can be, in the models that the benchmark draws."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from gradstep.plugins.layouts import layered_layout

BENCH = Path(__file__).resolve().parents[3] / "scripts/bench"


@pytest.mark.parametrize("family", ["transformer", "resnet", "mlp"])
def test_models_are_drawn_without_crossings_also_where_edges_are_straight_lines(family, monkeypatch):
    monkeypatch.syspath_prepend(str(BENCH))
    graphs, measure = (importlib.import_module(name) for name in ("graphs", "crossings"))
    graph = graphs.of_size(family, 2_500).graph
    layout = layered_layout(graph, graphs.sizes(graph))
    assert measure.crossings(list(graph.edges), layout.positions) == 0
    assert measure.route_crossings(layout.edges.values()) == 0
