"""Tensors whose elements are not where others' are: storages that the script has freed, and quantised numbers."""

from __future__ import annotations

import pytest

from gradstep.plugins.torch.tensors import FREED

torch = pytest.importorskip("torch", reason="PyTorch is not installed here")

SHARDED = """
    import torch
    w = torch.nn.Parameter(torch.arange(12.0).reshape(3, 4))
    whole = w.detach().clone()
    x = torch.ones(2, 3)
    y = x @ w
    w.untyped_storage().resize_(0)
    freed = w.view(-1)
    loss = (y * y).sum()
    def gather(grad):
        w.untyped_storage().resize_(whole.nbytes)
        with torch.no_grad():
            w.copy_(whole)
    y.register_hook(gather)
    loss.backward()
    print(w.grad.tolist())
"""


def test_a_parameter_without_storage_goes_through_a_recording(recorded, session):
    tape = recorded(SHARDED)
    assert session.printed["stdout"] == f"{[[48.0, 60.0, 72.0, 84.0]] * 3}\n"
    (freed,) = [op.outs[0] for op in tape.ops.values() if op.name == "view"]
    assert not tape.has_value(freed)
    assert [note.text for note in tape.notes if note.kind == "dropped" and FREED in note.text]


def test_a_parameter_without_storage_is_stepped_and_says_that_it_has_no_elements(paused):
    session = paused(SHARDED)
    session.move("next")
    about = session.ask("evaluate", expression="w.untyped_storage().nbytes()")
    assert about.body["result"] == "0"
    for command in ("statistics", "value", "histogram"):
        answer = session.ask(command, expression="w")
        assert not answer.success
        assert FREED in answer.message
    while session.stop.name != "AccumulateGrad":
        session.move("next")
    assert session.ask("statistics", expression="w").success
    session.send("continue")
    assert session.wait_until_ended().exit_code == 0


def test_a_view_beyond_what_is_left_of_its_storage_is_not_read():
    from gradstep.plugins.torch.arrays import array
    from gradstep.plugins.torch.tensors import elements, plainly

    whole = torch.arange(8.0)
    views = [whole[2:4], whole[4:], whole.view(2, 4).T, whole.expand(3, 8), whole[:0]]
    whole.untyped_storage().resize_(16)
    with plainly():
        assert array(views[0]).tolist() == [2.0, 3.0]
        assert elements(views[4]).tolist() == []
        for view in views[1:4]:
            for read in (array, elements):
                with pytest.raises(ValueError, match="has freed the storage"):
                    read(view)


def test_quantised_numbers_are_kept_as_the_numbers_that_they_stand_for(recorded):
    tape = recorded("""
        import torch, warnings
        warnings.simplefilter("ignore")
        x = torch.tensor([[0.11, -0.52], [1.0, 3.0]])
        whole = torch.quantize_per_tensor(x, 0.5, 10, torch.quint8)
        rows = torch.quantize_per_channel(x, torch.tensor([0.5, 1.0]), torch.tensor([0, 0]), 0, torch.qint8)
        whole.int_repr()
    """)
    made = {op.name: op.outs[0] for op in tape.ops.values()}
    whole, rows = made["quantize_per_tensor"], made["quantize_per_channel"]
    assert tape.tensors[whole.tensor].meta[0] == "quint8"
    assert tape.value(whole).tolist() == [[0.0, -0.5], [1.0, 3.0]]
    assert tape.value(rows).tolist() == [[0.0, -0.5], [1.0, 3.0]]
    assert tape.value(made["int_repr"]).tolist() == [[10, 9], [12, 16]]
