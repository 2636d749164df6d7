"""Every layout that pyproject.toml names can be loaded and is called alike."""

from __future__ import annotations

import random
import sys
import tomllib
from importlib import import_module
from itertools import combinations
from pathlib import Path

import networkx as nx
import pytest

PYPROJECT = Path(__file__).parents[3] / "pyproject.toml"
LAYOUTS = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]["entry-points"]["gradstep.layouts"]


def loaded(name):
    module, function = LAYOUTS[name].split(":")
    return getattr(import_module(module), function)


@pytest.mark.parametrize("name", ["layered", "multipartite"])
def test_a_layout_of_ours_places_every_box_along_the_flow(name):
    layout = loaded(name)
    graph = nx.DiGraph([("a", "b"), ("b", "c")])
    answer = layout(graph, dict.fromkeys(graph, (80, 40)), groups={"a": (1,)}, layer_gap=30, node_gap=20, direction="right")
    positions = getattr(answer, "positions", answer)  # a mapping of centres, or an object that has more to say
    assert set(positions) == set(graph)
    assert positions["a"][0] < positions["b"][0] < positions["c"][0]


@pytest.mark.parametrize("name", sorted(LAYOUTS))
def test_every_layout_places_every_box_and_none_over_another(name):
    if name == "dot":
        pytest.importorskip("pygraphviz", reason="Graphviz is not installed: pip install 'gradstep[dot]'", exc_type=ImportError)
    rand = random.Random(3)
    graph = nx.DiGraph((rand.randrange(max(0, k - 6), k), k) for k in range(1, 60))
    sizes = {key: (rand.choice((60, 90, 140)), rand.choice((24, 42))) for key in graph}
    scene = asked(graph, sizes, loaded(name))
    assert set(scene) == set(graph)
    for one, other in combinations(graph, 2):
        near = [abs(scene[one][k] - scene[other][k]) < (sizes[one][k] + sizes[other][k]) / 2 - 1 for k in (0, 1)]
        assert not all(near), (one, other)
    assert asked(graph, sizes, loaded(name)) == scene  # the same again


@pytest.mark.parametrize("name", sorted(LAYOUTS))
def test_no_boxes_one_box_and_two_that_are_not_linked(name):
    if name == "dot":
        pytest.importorskip("pygraphviz", reason="Graphviz is not installed: pip install 'gradstep[dot]'", exc_type=ImportError)
    for keys in ([], ["a"], ["a", "b"]):
        graph = nx.DiGraph()
        graph.add_nodes_from(keys)
        assert set(asked(graph, dict.fromkeys(keys, (80, 40)), loaded(name))) == set(keys)


def test_dot_says_what_to_install_where_it_is_not_there(monkeypatch):
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    graph = nx.DiGraph([("a", "b")])
    with pytest.raises(ImportError, match=r"pip install 'gradstep\[dot\]'"):
        loaded("dot")(graph, dict.fromkeys(graph, (80, 40)))


def test_dot_says_which_library_of_the_system_is_missing(monkeypatch, tmp_path):
    monkeypatch.delitem(sys.modules, "pygraphviz", raising=False)
    (tmp_path / "pygraphviz.py").write_text("raise ImportError('libXrender.so.1: cannot open shared object file')\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    graph = nx.DiGraph([("a", "b")])
    with pytest.raises(ImportError, match="libXrender"):
        loaded("dot")(graph, dict.fromkeys(graph, (80, 40)))


def test_dot_draws_groups_as_clusters_around_what_they_hold_and_along_the_flow():
    pytest.importorskip("pygraphviz", reason="Graphviz is not installed: pip install 'gradstep[dot]'", exc_type=ImportError)
    graph = nx.DiGraph([("a", "b"), ("b", "c"), ("c", "d"), ("a", "d")])
    sizes = dict.fromkeys(graph, (80, 40))
    answer = loaded("dot")(graph, sizes, groups={"b": ("outer", "inner"), "c": ("outer",)})
    assert answer.positions["a"][1] < answer.positions["b"][1] < answer.positions["c"][1] < answer.positions["d"][1]
    for key, around in (("b", ("outer", "inner")), ("c", ("outer",))):
        x, y = answer.positions[key]
        for name in around:
            left, top, width, height = answer.groups[name]
            assert left <= x - 40
            assert x + 40 <= left + width
            assert top <= y - 20
            assert y + 20 <= top + height


def asked(graph, sizes, layout):
    answer = layout(graph, sizes)
    return dict(getattr(answer, "positions", answer))
