"""Rules of custom Functions are tried although PyTorch itself waits for children, and not where the script does."""

from __future__ import annotations

import json

import pytest

HALVED = """
    import signal
    import torch
    from torch.utils.data import DataLoader

    heard = []
    class Halved(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 3

        @staticmethod
        def backward(ctx, grad):
            return grad

    def main():
        SETTING
        for batch in DataLoader(range(4), num_workers=1):
            pass
        known = len(heard)
        x = torch.ones(3, requires_grad=True)
        Halved.apply(x).sum().backward()
        assert len(heard) == known, heard

    main()
"""


@pytest.mark.parametrize(
    ("setting", "verdict"),
    [
        ("pass", "wrong"),
        ("signal.signal(signal.SIGCHLD, signal.SIG_IGN)", "wrong"),
        ("signal.signal(signal.SIGCHLD, lambda *heard_of: heard.append(heard_of))", "unchecked"),
    ],
)
def test_a_rule_is_tried_behind_a_loader_with_workers(recorded, setting, verdict):
    tape = recorded(HALVED.replace("SETTING", setting), examine=True)
    (told,) = [json.loads(note.text) for note in tape.notes if note.kind == "rule"]
    assert told["verdict"] == verdict, told
