import networkx as nx
import numpy as np

from gradstep.gui.canvas.status import Look
from gradstep.gui.canvas.words import crumbs, description, full_name, tip

MUL = {"label": "Mul", "kind": "function", "op": "mul", "path": "blocks.0.attn", "detail": "4x8", "line": ("a<b>.py", 41), "hooks": 2}


def test_nodes_have_the_names_that_pytorch_gives_them():
    assert full_name(MUL) == "MulBackward0"
    assert full_name({"label": "PowBackward1", "kind": "function"}) == "PowBackward1"
    assert full_name({"label": "CopySlices", "kind": "rebase"}) == "CopySlices"
    assert full_name({"label": "AccumulateGrad", "kind": "accumulate", "name": "fc.weight"}) == "AccumulateGrad of fc.weight"
    assert full_name({"label": "mul", "kind": "op"}) == "mul"
    assert full_name({}) == "?"


def test_crumbs_go_from_the_model_to_the_node():
    assert crumbs(MUL) == ("model", "blocks", "0", "attn", "Mul")
    assert crumbs({"label": "AccumulateGrad", "name": "fc.weight", "path": "fc"}) == ("model", "fc", "weight")


def test_a_tip_says_what_is_known_and_escapes_what_users_wrote():
    text = tip(MUL, Look.DONE, False, np.array([0.5, np.nan]), np.array([np.inf]))
    for part in ("MulBackward0", "done", "a&lt;b&gt;.py:41", "blocks.0.attn", "norm in 0.5", "norm out not finite", "2 hooks"):
        assert part in text
    bare = tip({"label": "Mul", "kind": "op"}, Look.PENDING, True, np.array([np.nan]), np.zeros(0))
    assert "norm" not in bare
    assert "error" in bare


def test_the_description_begins_with_where_the_program_stands():
    graph = nx.DiGraph()
    graph.add_node(1, **MUL)
    assert description(graph, 1, None, Look.RUNNING, "step 12 of 35, paused") == "MulBackward0, step 12 of 35, paused; 1 node"
    assert description(graph, 1, 1, Look.RUNNING, "") == "MulBackward0, running; 1 node"
    assert description(graph, None, 1, None, "") == "selected: MulBackward0; 1 node"
