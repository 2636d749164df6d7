"""Damaged tapes: refused with a reason, or read up to the damage with the damage named. The short form of ``scripts/attacks.py``."""

from __future__ import annotations

from pathlib import Path

import pytest

from .mutations import HOW, mutation
from .prison import Prison
from .readers import READERS
from .tapes import KINDS, can_record

ROUNDS = 2  # of every kind of mutation, for every kind of tape


@pytest.mark.parametrize("kind", KINDS)
def test_a_changed_tape_is_never_read_as_another(prison: Prison, tapes: dict[str, Path], out: Path, kind: str) -> None:
    if not can_record(kind):
        pytest.skip("PyTorch is not installed here")
    others = [other for other in tapes if other != kind]
    data = tapes[kind].read_bytes()
    names = [name for name in READERS if name != "records"]
    wrong = []
    for number in range(ROUNDS * len(HOW)):
        other = tapes[others[number % len(others)]].read_bytes()
        how, changed = mutation(data, other, kind, number)
        file = out / "changed.gst"
        file.write_bytes(changed)
        for reader in ("records", names[(number // len(HOW) + number) % len(names)]):
            wrong += [f"{kind} {number} ({how}), {reader}: {fault}" for fault in prison.read(reader, file, kind).faults]
    assert wrong == []


@pytest.mark.parametrize("reader", READERS)
def test_every_reader_reads_an_undamaged_tape_and_does_nothing_else(prison: Prison, tapes: dict[str, Path], reader: str) -> None:
    outcome = prison.read(reader, tapes["training"], "training")
    assert (outcome.verdict, outcome.faults) == ("as it was", [])


def test_a_mutation_is_the_same_every_time() -> None:
    data, other = bytes(range(256)) * 40, bytes(range(255, -1, -1)) * 40
    for number in (0, 1, 2, 3, 4):
        assert mutation(data, other, "small", number) == mutation(data, other, "small", number)
        assert mutation(data, other, "small", number)[1] != data
