import pytest

from gradstep.gui.commands.fuzzy import match


def best(query, *texts):
    found = {text: match(query, text) for text in texts}
    return max((text for text in texts if found[text]), key=lambda text: found[text].score)


@pytest.mark.parametrize(
    ("query", "meant", "others"),
    [
        ("nn", "Next Node", ["Open Script", "Contents online"]),
        ("step", "Step Into", ["Look at the First Step", "Stop at Exceptions"]),
        ("addm", "AddmmBackward0", ["Add Breakpoint", "Another Dim"]),
        ("rtl", "Return to Live", ["Restart later", "Portal"]),
        ("tb", "Toggle Breakpoint", ["Table", "Stop at breaks"]),
        ("node next", "Next Node", ["Next Alert"]),
        ("fc2w", "fc2.weight", ["fc1.weight", "fc12.raw"]),
        ("l10", "layers.10.weight", ["layers.1.0", "all 1 0"]),
    ],
)
def test_what_was_meant_comes_first(query, meant, others):
    assert best(query, *others, meant) == meant


def test_letters_out_of_order_do_not_fit():
    assert match("edon", "Next Node") is None
    assert match("node xyz", "Next Node") is None
    assert match("", "anything").letters == ()


def test_the_letters_that_were_meant_are_told():
    assert match("nn", "Next Node").letters == (0, 5)
    assert match("node", "Next Node").letters == (5, 6, 7, 8)
    text = "TanhBackward0"
    assert [text[at] for at in match("tb0", text).letters] == ["T", "B", "0"]


def test_letters_that_fold_into_two_do_not_shift_the_marks():
    text = "Größe İz der Norm"
    found = match("norm", text)
    assert "".join(text[at] for at in found.letters) == "Norm"
