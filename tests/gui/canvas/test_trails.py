"""Trails and ways: where data go, and the shortest way to the loss and to the parameters."""

import networkx as nx

from gradstep.gui.canvas.trails import Goal, trail, way


def forward(*edges):
    graph = nx.DiGraph()
    for a, b, out in edges:
        for name in (a, b):
            kind = "leaf" if name.isupper() else "group" if name.startswith("group") else "op"
            graph.add_node(name, kind=kind, op=name.rstrip("0123456789"), label=name)
        graph.add_edge(a, b, slots=[] if "group" in a + b else [(out, 0)], kind="data")
    return graph


def test_a_tensor_goes_to_all_that_were_given_it():
    graph = forward(("mul", "exp", 0), ("mul", "sum", 0), ("exp", "sum2", 0))
    assert set(trail(graph, ("mul", "exp"))) == {("mul", "exp"), ("mul", "sum")}


def test_another_output_is_another_tensor():
    graph = forward(("max", "exp", 0), ("max", "gather", 1))
    assert trail(graph, ("max", "gather")) == (("max", "gather"),)


def test_it_goes_on_through_what_only_changes_the_shape_and_begins_before_it():
    graph = forward(("W", "t1", 0), ("t1", "mm", 0), ("W", "norm", 0))
    everything = {("W", "t1"), ("t1", "mm"), ("W", "norm")}
    for edge in everything:
        assert set(trail(graph, edge)) == everything


def test_a_gradient_is_all_that_adds_up():
    graph = nx.DiGraph()
    for name in ("Exp", "Sin", "Mul", "Acc"):
        graph.add_node(name, kind="function", op=name.lower(), label=name)
    graph.add_edge("Exp", "Mul", slots=[(0, 0)], kind="gradient")
    graph.add_edge("Sin", "Mul", slots=[(0, 0)], kind="gradient")
    graph.add_edge("Mul", "Acc", slots=[(0, 0)], kind="gradient")
    assert set(trail(graph, ("Exp", "Mul"))) == {("Exp", "Mul"), ("Sin", "Mul")}


def test_a_folded_group_takes_part_but_hides_what_is_inside():
    graph = forward(("mul", "group1", 0), ("mul", "exp", 0), ("group1", "sum", 0), ("group1", "sin", 0))
    assert set(trail(graph, ("mul", "exp"))) == {("mul", "exp"), ("mul", "group1")}
    assert trail(graph, ("group1", "sum")) == (("group1", "sum"),)


def test_a_link_is_its_own_trail():
    graph = forward(("mul", "sum", 0))
    graph.add_node("MulBackward", kind="function", op="mul", label="Mul")
    graph.add_edge("mul", "MulBackward", slots=[(0, 0)], kind="link")
    assert trail(graph, ("mul", "MulBackward")) == (("mul", "MulBackward"),)


def test_the_shortest_way_to_the_loss_takes_the_short_cut(graphs):
    graph = graphs.mlp(layers=4).backward()
    keys = list(graph)
    last = next(key for key in reversed(keys) if graph.nodes[key]["kind"] == "function")
    found = way(graph, last, Goal.LOSS)
    assert found.steps == nx.shortest_path_length(graph, keys[0], last)
    assert found.ends == (keys[0],)
    assert all(graph.has_edge(*edge) for edge in found.edges)


def test_the_ways_to_the_parameters_reach_every_one_of_them(graphs):
    graph = graphs.mlp(layers=3).backward()
    root = next(iter(graph))
    found = way(graph, root, Goal.PARAMETERS)
    assert set(found.ends) == {key for key, data in graph.nodes(data=True) if data["kind"] == "accumulate"}
    assert set(found.ends) <= found.nodes
    assert nx.is_weakly_connected(graph.edge_subgraph(found.edges))


def test_a_scene_gives_the_same_ways_as_its_graph(make_canvas, graphs):
    canvas = make_canvas(graphs.transformer().combined())
    for key in list(canvas.graph)[::9]:
        for goal in Goal:
            assert way(canvas.graph, key, goal, canvas.scene) == way(canvas.graph, key, goal)


def test_forward_ways_follow_the_data(graphs):
    graph = graphs.mlp(layers=2).forward()
    leaf = next(key for key, data in graph.nodes(data=True) if data["kind"] == "leaf")
    found = way(graph, leaf, Goal.LOSS)
    assert graph.nodes[found.ends[0]]["op"] == "nll_loss"
    assert found.steps == nx.shortest_path_length(graph, leaf, found.ends[0])
    back = way(graph, found.ends[0], Goal.PARAMETERS)
    assert leaf in back.ends


def test_a_way_in_the_combined_graph_stays_on_its_side(graphs):
    graph = graphs.mlp(layers=2).combined()
    op = next(key for key, data in graph.nodes(data=True) if data["op"] == "relu" and key[0] == "op")
    assert {key[0] for key in way(graph, op, Goal.LOSS).nodes} == {"op"}


def test_the_loss_has_no_way_to_itself(graphs):
    graph = graphs.mlp().backward()
    assert way(graph, next(iter(graph)), Goal.LOSS) is None
