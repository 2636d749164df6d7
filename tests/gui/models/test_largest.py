"""The largest tensors of a tape in words."""

from pathlib import Path

import gradstep.engine as gs
from gradstep.engine.tape.log import Writer
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.recorder import Recorder, recording
from gradstep.gui.models.largest import largest


def test_the_largest_come_first_each_memory_once_with_its_maker_and_line(tmp_path: Path) -> None:
    recorder = Recorder(Writer(tmp_path / "a.gst"))
    with recording(recorder):
        w = gs.ones(10, 20, requires_grad=True)
        wide = gs.cat([w.exp(), w])
        assert wide[:5].shape == (5, 20)
        (wide * 1).sum().backward()
    recorder.close()
    tape = Tape.open(tmp_path / "a.gst")
    found = largest(tape, 3)
    tape.close()
    sizes = [size for _, size in found]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == 20 * 20 * 4
    assert "20" in found[0][0]
    assert len({words for words, _ in found}) == 3
