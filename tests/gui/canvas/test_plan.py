import networkx as nx
import pytest

from gradstep.gui.canvas.plan import Room, Shape, TextRole, elided, label_of, plan, shape_of


def measure(text: str, role: TextRole) -> float:
    return 7.0 * len(text)


def chips(planned):
    return {host: [chip.key for chip in row] for host, row in planned.chips.items()}


def test_leaves_are_docked_at_their_consumer_behind_the_transpose(graphs):
    graph = graphs.mlp(layers=1).backward()
    planned = plan(graph, measure)
    names = {key: (graph.nodes[key]["name"] or graph.nodes[key]["op"]) for key in graph}
    rows = {names[host]: [names[key] for key in row] for host, row in chips(planned).items()}
    assert rows["addmm"] == ["head.bias", "t", "head.weight"] or rows["addmm"] == ["input", "layers.0.bias", "t", "layers.0.weight"]
    assert [data["op"] for key, data in graph.nodes(data=True) if key in planned.boxes] == [
        "nll_loss", "log_softmax", "addmm", "relu", "addmm",
    ]  # fmt: skip


def test_a_transpose_with_a_hook_is_a_box_of_its_own(graphs):
    graph = graphs.mlp(layers=1).backward()
    stem = next(key for key, data in graph.nodes(data=True) if data["op"] == "t")
    graph.nodes[stem]["hooks"] = 1
    assert stem in plan(graph, measure).boxes


def test_a_shared_leaf_has_a_chip_at_each_consumer(graphs):
    graph = graphs.recurrent(steps=4).backward()
    weight = next(key for key, data in graph.nodes(data=True) if data["name"] == "cell.weight")
    planned = plan(graph, measure)
    mine = [chip for row in planned.chips.values() for chip in row if chip.key == weight]
    assert len(mine) == 4
    assert all(chip.style.shared for chip in mine)


def test_a_leaf_that_nobody_sends_to_stands_alone():
    graph = nx.DiGraph()
    graph.add_node(("node", 1), label="AccumulateGrad", kind="accumulate", op="AccumulateGrad", name="w")
    planned = plan(graph, measure)
    assert list(planned.boxes) == [("node", 1)]
    assert planned.boxes["node", 1].shape is Shape.ACCUMULATE


def test_the_layout_is_asked_for_room_for_the_chips(graphs):
    planned = plan(graphs.mlp(layers=1).backward(), measure)
    for host in planned.chips:
        assert planned.docked[Room(host)] == host
        width, height = planned.sizes[Room(host)]
        right = max(chip.dx + chip.style.width / 2 for chip in planned.chips[host])
        assert planned.boxes[host].width / 2 + 16 + width == pytest.approx(right)
        assert height >= 20 * (len(planned.chips[host]) > 0)


def test_edges_of_a_graph_with_both_passes_run_in_one_direction_for_the_layout(graphs):
    planned = plan(graphs.transformer().combined(), measure)
    assert planned.backwards
    assert nx.is_directed_acyclic_graph(planned.graph)


def test_groups_are_calls_with_a_path_and_more_than_one_box_named_as_inside_the_one_around_them(graphs):
    planned = plan(graphs.transformer().backward(), measure)
    titles = set(planned.titles.values())
    assert {"blocks.0", "attn", "fc1"} <= titles
    assert "" not in titles
    assert "act" not in titles, "one op needs no box around it"
    assert all(set(calls) <= set(planned.titles) for calls in planned.groups.values())


def test_titles_are_what_paths_have_in_common_where_the_graph_does_not_name_the_calls(graphs):
    graph = graphs.transformer().backward()
    known = set(plan(graph, measure).titles.values())
    graph.graph.clear()
    assert {"blocks.0", "attn"} <= known & set(plan(graph, measure).titles.values())


def test_long_labels_are_elided_and_boxes_stay_narrow():
    graph = nx.DiGraph()
    graph.add_node(("node", 1), label="A" * 200, detail="9x" * 100 + "9", kind="function", op="mul")
    style = plan(graph, measure).boxes["node", 1]
    assert style.label.endswith("…")
    assert style.detail.endswith("…")
    assert style.width <= 230


@pytest.mark.parametrize("width", [0.0, 7.0, 20.0, 35.0, 1000.0])
def test_elided_text_fits_or_is_only_the_ellipsis(width: float):
    text = elided("backward", TextRole.LABEL, width, measure)
    assert text == "…" or measure(text, TextRole.LABEL) <= width
    assert width < 1000 or text == "backward"


def test_every_kind_has_its_own_shape_and_unknown_ones_are_opaque():
    kinds = ["op", "function", "accumulate", "custom", "boundary", "rebase", "opaque", "leaf", "input"]
    assert len({shape_of({"kind": kind}) for kind in kinds}) == len(kinds)
    assert shape_of({"kind": "from the future"}) is Shape.OPAQUE


def test_a_leaf_is_called_by_the_last_name_of_its_parameter():
    assert label_of({"label": "AccumulateGrad", "name": "fc.weight", "detail": "4x8"}, Shape.ACCUMULATE)[0] == "weight"
    assert label_of({"label": "Mul", "name": ""}, Shape.FUNCTION)[0] == "Mul"
