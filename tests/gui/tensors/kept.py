"""A value that lies on a tape, for the tests of what reads it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gradstep.engine.tape.log import Writer
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.schema import Meta, Payload, Tensor, Val
from gradstep.gui.tensors.sources import TapeSource


def on_tape(folder: Path, value: np.ndarray) -> TapeSource:
    writer = Writer(folder / "a.gst")
    writer.write(Tensor(1, Meta(value.dtype.name, value.shape, "cpu"), 1))
    writer.write(Payload(Val(1, 0), value.dtype.name, value.shape, value.tobytes()))
    writer.close()
    tape = Tape.open(folder / "a.gst")
    extent = tape.extent(Val(1, 0))
    tape.close()  # the file is opened for each part anew
    assert extent is not None
    return TapeSource(extent)
