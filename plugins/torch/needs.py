"""What the target needs of the interpreter that runs a script. It can be imported where PyTorch is not installed."""

from __future__ import annotations

from gradstep.engine.debug.targets import Needs, Package

NEEDS = Needs(
    python=(3, 9),
    packages=(Package("torch", "2.4"),),
    title="PyTorch",
    about="The PyTorch that the interpreter has, as the script would run on without gradstep.",
    useful=(("numpy", "the tensor panel has no picture of large values"),),
    tested="torch 2.4.1, 2.13.0 and 2.15.0",
)
