"""A search finds nodes, parameters, modules and ops by their names, and counts each kind."""

from __future__ import annotations

from gradstep.gui.models.graph_search import GraphSearch, Sort


def search() -> GraphSearch:
    made = GraphSearch()
    for number, (label, kind, name, path) in enumerate(
        [
            ("Addmm", "function", "", "blocks.0.fc"),
            ("Relu", "function", "", "blocks.0"),
            ("Addmm", "function", "", "blocks.1.fc"),
            ("AccumulateGrad", "accumulate", "blocks.0.fc.weight", "blocks.0.fc"),
        ]
    ):
        made.add(("node", number), {"label": label, "kind": kind, "name": name, "path": path, "op": label.lower(), "detail": "2x3"})
    return made


def test_each_kind_is_counted() -> None:
    found = search().find("fc").found
    assert {sort: len(results) for sort, results in found.items()} == {Sort.PARAMETER: 1, Sort.MODULE: 2}
    assert [result.text for result in found[Sort.MODULE]] == ["blocks.0.fc", "blocks.1.fc"]
    assert found[Sort.MODULE][0].keys == (("node", 0), ("node", 3))


def test_an_op_stands_for_all_its_nodes() -> None:
    results = search().find("addmm")
    assert results.found[Sort.OP][0].keys == (("node", 0), ("node", 2))
    assert results.keys == (("node", 0), ("node", 2))


def test_every_word_must_occur_and_case_does_not_count() -> None:
    assert search().find("WEIGHT fc").keys == (("node", 3),)
    assert not search().find("weight fc2")


def test_no_query_finds_nothing() -> None:
    assert not search().find("  ")


def test_what_begins_with_the_query_comes_first() -> None:
    found = search().find("blocks.1")
    assert [result.text for result in found.found[Sort.MODULE]] == ["blocks.1", "blocks.1.fc"]
