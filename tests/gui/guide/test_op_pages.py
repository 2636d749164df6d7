"""The op reference finds an op by any of its names and shows what is declared of it; keys alone are enough."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from gradstep.gui.guide.op_pages import OpPages
from gradstep.gui.guide.ops import of_node, ops, search


@pytest.fixture
def pages(qtbot: QtBot) -> Iterator[OpPages]:
    window = QWidget()
    qtbot.addWidget(window)
    pages = OpPages(window)
    pages.bring()
    yield pages
    window.close()


@pytest.mark.parametrize(("text", "first"), [("mm", "mm"), ("SqrtBackward0", "sqrt"), ("nn.functional.gelu", "gelu"), ("RELU", "relu")])
def test_an_op_is_found_by_its_name_pytorchs_and_its_nodes(text: str, first: str) -> None:
    assert search(text)[0].name == first


def test_words_of_the_description_find_ops_and_nonsense_none() -> None:
    assert "logsigmoid" in [op.name for op in search("sigmoid overflow")]
    assert search("no such op anywhere") == []
    assert len(search("")) == len(ops())


def test_a_nodes_op_is_found_by_the_ops_name_and_on_another_engines_tape_by_the_nodes() -> None:
    found = of_node("softmax", "SoftmaxBackward0")
    assert found is not None
    assert found.name == "softmax"
    found = of_node("aten::mm", "MmBackward0")
    assert found is not None
    assert found.name == "mm"
    found = of_node("cross_entropy_of_another_engine", "NllLossBackward0")
    assert found is not None
    assert found.name == "nll_loss"
    assert of_node("", "AccumulateGrad") is None


def test_a_page_says_doc_what_is_kept_pytorchs_name_and_the_rule(pages: OpPages) -> None:
    QTest.keyClicks(pages.field, "sqrt")
    shown = pages.text.toPlainText()
    for words in ("sqrt(input)", "nan for negative numbers", "torch.sqrt", "SqrtBackward0", "Backward keeps", ops()["sqrt"].rules["input"]):
        assert words in shown
    assert "Square root" in pages.field.accessibleDescription()


def test_keys_go_through_what_was_found_and_nothing_found_is_said(pages: OpPages) -> None:
    QTest.keyClicks(pages.field, "sum")
    first = pages.list.currentItem().text()
    QTest.keyClick(pages.field, Qt.Key.Key_Down)
    assert pages.list.currentItem().text() != first
    QTest.keyClick(pages.field, Qt.Key.Key_Up)
    assert pages.list.currentItem().text() == first
    pages.field.setText("zzzz")
    assert "No op fits" in pages.count.text()
    assert pages.text.toPlainText() == ""
    QTest.keyClick(pages.field, Qt.Key.Key_Down)


def test_an_op_is_shown_as_a_user_calls_it(pages: OpPages) -> None:
    assert "torch.addmm(input, mat1, mat2, *, beta=1, alpha=1)" in pages._page(ops()["addmm"])
    assert "Tensor.view(*size, dtype=None)" in pages._page(ops()["view"])


def test_an_op_that_nobody_calls_by_its_name_says_what_leads_to_it(pages: OpPages) -> None:
    QTest.keyClicks(pages.field, "convolution")
    shown = pages.text.toPlainText()
    assert "Called by" in shown
    assert "torch.conv2d(input, weight, bias=None, stride=1" in shown
    assert "and 1 other function" in shown
    pages.field.setText("tanh_backward")
    assert "Stands in the gradient of tanh" in pages.text.toPlainText()


def test_such_an_op_is_found_by_the_function_that_leads_to_it_after_those_that_are_called_so() -> None:
    found = [op.name for op in search("conv2d")]
    assert "convolution" in found
    assert search("softmax")[0].name == "softmax"
    called = [bool(op.call) for op in search("")]
    assert called == sorted(called, reverse=True)


def test_what_a_rule_uses_is_written_below_it_and_nothing_has_a_hidden_name(pages: OpPages) -> None:
    shown = pages._page(ops()["addmm"])
    assert "th(mat2)" in shown
    assert "def th(a):" in shown
    hidden = re.compile(r"(?<![\w.])_[a-z]\w*")
    names = {name for op in ops().values() for text in (*op.rules.values(), *op.helpers.values()) for name in hidden.findall(text)}
    assert names <= {name for name in ops() if name.startswith("_")} | {"_ctc_loss_backward"}  # in a message


def test_every_op_has_a_page(pages: OpPages) -> None:
    for op in ops().values():
        assert op.doc
        assert (op.call or op.name) in pages._page(op).replace("&#x27;", "'").replace("&lt;", "<").replace("&gt;", ">")
        assert bool(op.rules) == bool(op.node), op.name
