"""What the user opens and folds by hand, and what follows the current node."""

from gradstep.gui.folding import Folds


def test_the_last_wish_counts():
    folds = Folds(1).open(["a"]).close(["a", "b"]).open(["b"])
    assert folds.shut == {"a"}
    assert folds.opened == {"b"}


def test_a_depth_for_all_forgets_what_was_done_by_hand():
    assert Folds(1).open(["a"]).close(["b"]).to_depth(2) == Folds(2)


def test_only_one_node_is_followed():
    assert Folds(1).around(("node", 1)).around(("node", 2)) == Folds(1, at=("node", 2))
