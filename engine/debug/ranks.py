"""Which of several processes of one job this is, as launchers say it in the environment, and where its tape goes.

Standard library only, and any Python from 3.9 on: it is asked in the user's process as well as in the command line.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

# Variables for the number and the count of processes: torchrun and its like, Open MPI, MPICH and Intel MPI, Slurm.
_VARIABLES = (
    ("RANK", "WORLD_SIZE"),
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
    ("PMI_RANK", "PMI_SIZE"),
    ("SLURM_PROCID", "SLURM_NTASKS"),
)


class Rank(NamedTuple):
    """Process ``number`` of ``size``, from 0 on."""

    number: int
    size: int


def rank_of(environment: Mapping[str, str] | None = None) -> Rank | None:
    """Which process of a job this is; None where it is not one of several."""
    variables = os.environ if environment is None else environment
    for number, size in _VARIABLES:
        try:
            rank = Rank(int(variables[number]), int(variables[size]))
        except (KeyError, ValueError):
            continue
        if 0 <= rank.number < rank.size and rank.size > 1:
            return rank
    return None


def tape_path(output: str, script: str, rank: Rank | None) -> str:
    """Where the tape goes. ``output``: a file; a folder (there already, or ending in a slash), which gets a tape of each process; ""
    for the folder that the user stands in, by the script's name."""
    stem = Path(script).stem
    if output and (os.path.isdir(output) or output.endswith(("/", os.sep))):
        return os.path.abspath(os.path.join(output, f"rank{rank.number}.gst" if rank is not None else f"{stem}.gst"))
    path = Path(output or f"{stem}.gst")
    return os.path.abspath(path if rank is None else path.with_name(f"{path.stem}.rank{rank.number}{path.suffix}"))
