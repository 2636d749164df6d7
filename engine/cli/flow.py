"""The gradient norm of each parameter over the iterations of a recording: vanishing and exploding layers at a glance.

Exit codes: 0, 65 the tape is damaged (what stands before that place is told), 66 no such file."""

from __future__ import annotations

import argparse
import json
import math

from ..tape.compare import gradient_flow
from ..tape.visible import visible
from .command import Command, Exit
from .tapes import open_tape, read_to_end

COLUMNS = 8


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("tape", metavar="TAPE", help="the tape")
    parser.add_argument("--json", action="store_true", help="print one JSON object, with all iterations")


def _run(args: argparse.Namespace) -> int:
    tape = open_tape(args.tape)
    try:
        flow = gradient_flow(tape)
        code = read_to_end(tape, Exit.OK)
    finally:
        tape.close()
    if args.json:
        rows = [
            {"name": name, "leaf": leaf, "norms": [None if math.isnan(x) else str(x) if math.isinf(x) else x for x in norms]}
            for name, leaf, norms in zip(flow.names, flow.leaves, flow.norms, strict=True)
        ]
        print(json.dumps({"runs": list(flow.runs), "parameters": rows}, indent=2))
        return code
    if not flow.leaves:
        print("no gradient was stored")
        return code
    chosen = _spread(len(flow.runs), COLUMNS)
    names = [visible(name) for name in flow.names]
    width = max(map(len, names))
    print(f"{'iteration':<{width}} " + " ".join(f"{j:>9}" for j in chosen))
    for name, norms in zip(names, flow.norms, strict=True):
        print(f"{name:<{width}} " + " ".join(f"{'-':>9}" if math.isnan(norms[j]) else f"{norms[j]:>9.3g}" for j in chosen))
    return code


def _spread(count: int, most: int) -> list[int]:
    """At most ``most`` of the first ``count`` numbers, evenly, with the first and the last."""
    if count <= most:
        return list(range(count))
    return sorted({round(i * (count - 1) / (most - 1)) for i in range(most)})


COMMAND = Command("flow", __doc__, _arguments, _run)
