"""Put the ranks of a job side by side: which one first brought NaN, no gradient or another one than the rest, and when.

    torchrun --nproc-per-node 4 --no-python gradstep record --engine torch -o runs/ train.py
    gradstep ranks runs/                     the job that was recorded last, also while it runs
    gradstep ranks runs/rank0.gst            the job of this tape
    gradstep ranks a.gst b.gst c.gst         these tapes
    gradstep ranks run.gst                   of one tape: the passes of each step, where a script accumulates several
    gradstep ranks runs/ --pause             let all ranks of a running job stand before the same backward node; then --next, --continue

Exit codes: 0 no rank stands out, or they stand together; 1 one does, or they do not come together in time; 65 a tape is damaged;
66 there is no such file, no tape in the folder, no job that runs."""

from __future__ import annotations

import argparse
import json
import math
import os
from dataclasses import asdict
from typing import Any

from ..debug.gate import Gate, Whereabouts, gate_of
from ..tape.ranks import Cell, Job, Life, Measure, Row, tapes_of
from ..tape.reader import TapeError
from .command import Command, Exit, Failed

PATIENCE = 30.0  # seconds to wait until all ranks stand together
SHOWN = 40  # parameters
STEPS = 8
_LOSS = {Life.LOST: "!", Life.RAISED: "!", Life.DAMAGED: "!", Life.STOPPED: "!"}


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", metavar="FOLDER|TAPE", nargs="+", help="a folder of tapes, a tape of the job, or the tape of each rank")
    parser.add_argument("--step", type=int, metavar="N", help="the step to show (default: the first difference, or the last of all)")
    parser.add_argument("--given", action="store_true", help="what .grad held in the end, after an all-reduce, not what each rank brought")
    together = parser.add_mutually_exclusive_group()
    together.add_argument("--pause", action="store_true", help="of a job that runs on this machine: all ranks stand before the same node")
    together.add_argument("--next", type=_count, nargs="?", const=1, metavar="NODES", help="all ranks run so many nodes")
    together.add_argument("--continue", dest="go", action="store_true", help="all ranks run on")
    parser.add_argument("--patience", type=float, default=PATIENCE, metavar="SECONDS", help="how long to wait for all (default: 30)")
    parser.add_argument("--json", action="store_true", help="print one JSON object, with all parameters and steps")


def _count(text: str) -> int:
    count = int(text)
    if not 0 < count <= 100_000:
        raise argparse.ArgumentTypeError("a number of nodes from 1 on")
    return count


def _run(args: argparse.Namespace) -> int:
    if args.pause or args.next or args.go:
        return _tell_all(args)
    job = opened(args.paths)
    try:
        job.read()
        if args.step is not None and not 0 <= args.step < job.steps:
            raise Failed(f"there are {job.steps} steps, no step {args.step}", Exit.USAGE)
        measure = Measure.GIVEN if args.given else Measure.OWN
        step = args.step if args.step is not None else shown_step(job)
        rows = job.rows(step, measure) if job.steps else []
        print(json.dumps(_plain(job, step, measure, rows), indent=2) if args.json else _text(job, step, measure, rows))
        damaged = any(reader.tape.damage for reader in job.readers)
        return Exit.FAILED if job.difference is not None else Exit.DAMAGED if damaged else Exit.OK
    finally:
        job.close()


def _tell_all(args: argparse.Namespace) -> int:
    """Lets the ranks of a job that runs stand together, or go on; where each is then."""
    tapes = args.paths if len(args.paths) > 1 else tapes_of(args.paths[0]) if os.path.exists(args.paths[0]) else []
    path = gate_of(tapes[0]) if tapes else ""
    try:
        gate = Gate(path)
    except (OSError, ValueError):
        why = "its ranks run on another machine, without gradstep, or not any more"
        raise Failed(f"no job of several ranks runs beside {args.paths[0]}: {why}", Exit.NO_INPUT) from None
    try:
        crowd = gate.look()
        if args.go:
            gate.go()
        elif args.pause:
            gate.pause()
            crowd = gate.wait_together(args.patience)
        elif not crowd.held:
            raise Failed("the ranks do not stand: --pause comes before --next", Exit.USAGE)
        for _ in range(args.next or 0):
            gate.step()
            crowd = gate.wait_together(args.patience)
            if not crowd.together:
                break
    finally:
        gate.close()
    if args.go:
        print("the ranks run on")
    elif args.json:
        print(json.dumps({"together": crowd.together, "held": crowd.held, "ranks": [asdict(one) for one in crowd.ranks]}, indent=2))
    else:
        print("\n".join([crowd.sentence, *(f"  rank {one.rank:<4} {_where(one)}" for one in crowd.ranks)]))
    return Exit.OK if args.go or crowd.together else Exit.FAILED


def _where(one: Whereabouts) -> str:
    place = f"node {one.node_of_pass} of pass {one.passes}"
    return f"stands before {one.name} #{one.node}, {place}, event {one.position}" if one.stands else f"runs; it comes to {place} next"


def opened(paths: list[str]) -> Job:
    """The job of these paths. Raises Failed."""
    for path in paths:
        if not os.path.exists(path):
            raise Failed(f"there is no {path}", Exit.NO_INPUT)
    tapes = paths if len(paths) > 1 else tapes_of(paths[0])
    if not tapes:
        raise Failed(f"{paths[0]} holds no tapes of ranks: rank0.gst, rank1.gst, ... as `gradstep record -o FOLDER/` writes", Exit.NO_INPUT)
    try:
        return Job(tapes)
    except TapeError as error:
        raise Failed(str(error), Exit.DAMAGED) from None
    except OSError as error:
        raise Failed(f"{error.filename} cannot be read: {error.strerror}", Exit.NO_INPUT) from None


def shown_step(job: Job) -> int:
    """The step to look at first: that of the first difference, else the last that all came to."""
    if job.difference is not None and job.difference.step < job.steps:
        return job.difference.step
    return max((job.common or job.steps) - 1, 0)


def _text(job: Job, step: int, measure: Measure, rows: list[Row]) -> str:
    if not job.steps:
        return "\n".join(["no backward pass has stored a gradient yet", *_lives(job)])
    count = len(job.lanes)
    what = f"{count} passes a step" if job.alone else f"{count} ranks" if count > 1 else "1 rank"
    lines = [f"{what}, {job.steps} steps", *_lives(job)]
    lines.append(f"first difference: {job.difference.text}" if job.difference is not None else _agreement(job))
    lines += [f"{job.listed(twins)} brought the same gradients in every step: do they read the same data?" for twins in job.twins]
    own = "what each brought" if measure is Measure.OWN else ".grad in the end"
    lines += ["", f"step {step}, |grad|: {own}"]
    width = max(len(row.name) for row in rows[:SHOWN]) if rows else 0
    heads = [f"{lane.number + job.alone}{_LOSS.get(lane.reader.life, '')}" for lane in job.lanes]
    lines.append(f"{'':<{width}} " + " ".join(f"{head:>9}" for head in heads) + f" {'spread':>8}  equal")
    for row in rows[:SHOWN]:
        norms = " ".join(f"{_short(cell):>9}" for cell in row.cells)
        lines.append(f"{row.name:<{width}} {norms} {_spread(row):>8}  {_equal(job, row)}".rstrip())
    if len(rows) > SHOWN:
        lines.append(f"{len(rows) - SHOWN} more parameters (--json has all)")
    return "\n".join([*lines, "", *_history(job)])


def _lives(job: Job) -> list[str]:
    return [] if job.alone else [f"  {job.called(i):<8} {lane.reader.sentence}" for i, lane in enumerate(job.lanes)]


def _agreement(job: Job) -> str:
    if len(job.lanes) < 2:
        return "there is nothing to compare it with"
    if job.alone:
        return "no pass stands out"
    agreed = " .grad is the same in all of them after each step." if job.averaged else ""
    return f"no rank stands out in {job.common} steps.{agreed}"


def _short(cell: Cell | None) -> str:
    if cell is None:
        return "none"
    if not cell.known:
        return "?"
    return f"bad {cell.bad}" if cell.bad else f"{cell.norm:.3g}"


def _spread(row: Row) -> str:
    spread = row.spread
    return "" if spread is None else "!" if math.isinf(spread) else f"x{spread:.3g}"


def _equal(job: Job, row: Row) -> str:
    known = sum(cell is not None and cell.known for cell in row.cells)
    if known > 1 and len(row.groups) == 1:
        return "all"
    return " | ".join(" ".join(str(job.lanes[lane].number + job.alone) for lane in group) for group in row.groups if len(group) > 1)


def _history(job: Job) -> list[str]:
    """|grad| over all parameters, a line a lane."""
    steps = _spread_over(job.steps, STEPS)
    lines = [f"{'|grad| in step':<14} " + " ".join(f"{step:>9}" for step in steps)]
    for place in range(len(job.lanes)):
        norms = job.norms(place)
        words = ["" if step >= len(norms) else "bad" if math.isinf(norms[step]) else f"{norms[step]:.3g}" for step in steps]
        lines.append(f"{job.called(place):<14} " + " ".join(f"{word:>9}" for word in words))
    return lines


def _spread_over(count: int, most: int) -> list[int]:
    return list(range(count)) if count <= most else sorted({round(i * (count - 1) / (most - 1)) for i in range(most)})


def _plain(job: Job, step: int, measure: Measure, rows: list[Row]) -> dict[str, Any]:
    def cell(one: Cell | None) -> dict[str, Any] | None:
        if one is None:
            return None
        return {"norm": _number(one.norm), "bad": one.bad, "count": one.count, "event": one.event, "node": one.node, "group": one.group}

    found = job.difference
    return {
        "ranks": [
            {
                "number": lane.number, "tape": lane.reader.path, "steps": len(lane.passes), "state": lane.reader.life.value,
                "sentence": lane.reader.sentence, "norms": [_number(norm) for norm in job.norms(place)],
            }
            for place, lane in enumerate(job.lanes)
        ],
        "passes_of_one_tape": job.alone, "steps": job.steps, "averaged": job.averaged, "same_data": [list(twins) for twins in job.twins],
        "difference": None if found is None else {
            "kind": found.kind.value, "step": found.step, "parameter": found.name, "ranks": [job.lanes[i].number for i in found.lanes],
            "text": found.text, "event": found.event, "node": found.node,
        },
        "step": step, "measure": measure.value,
        "parameters": [{"name": row.name, "spread": _number(row.spread), "cells": [cell(one) for one in row.cells]} for row in rows],
    }  # fmt: skip


def _number(x: float | None) -> float | str | None:
    return x if x is None or math.isfinite(x) else None if math.isnan(x) else str(x)


COMMAND = Command("ranks", __doc__, _arguments, _run)
