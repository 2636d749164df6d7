"""Compare two recordings, or two iterations of one: where they first differ, and what differs most.

    gradstep diff a.gst b.gst               two runs
    gradstep diff a.gst --iterations 0 3    two iterations of one run

Exit codes: 0 nothing differs, 1 something does, 2 there is no such iteration, 65 a tape is damaged, 66 no such file."""

from __future__ import annotations

import argparse
import json
from typing import Any

from ..tape.compare import Compared, Comparison, Moment, compare, moments
from ..tape.reader import Tape
from ..tape.visible import visible
from .command import Command, Exit, Failed
from .tapes import open_tape, read_to_end

SHOWN = 15


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("first", metavar="TAPE", help="a tape")
    parser.add_argument("second", metavar="TAPE", nargs="?", help="another tape")
    parser.add_argument("--iterations", nargs=2, type=int, metavar=("I", "J"), help="compare iteration I of the first with J of the second")
    parser.add_argument("--most", type=int, metavar="N", help="with --json: only the N largest differences, the largest first")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _run(args: argparse.Namespace) -> int:
    if args.second is None and args.iterations is None:
        raise Failed("name a second tape, or two iterations of the one with --iterations I J", Exit.USAGE)
    first = open_tape(args.first)
    second = open_tape(args.second) if args.second is not None else first
    try:
        told = _compared(first, second, args.iterations or (None, None))
        print(json.dumps(_plain(told, args.most), indent=2) if args.json else _text(told, args.first, args.second or args.first))
        code = read_to_end(first, Exit.OK if told.same else Exit.FAILED, "compared")
        return code if second is first else read_to_end(second, code, "compared")
    finally:
        first.close()
        if second is not first:
            second.close()


def _compared(first: Tape, second: Tape, chosen: tuple[int | None, int | None]) -> Comparison:
    try:
        a, b = list(moments(first, chosen[0])), list(moments(second, chosen[1]))
    except IndexError as error:
        raise Failed(str(error), Exit.USAGE) from None
    return compare(a, b, first, second)


def _text(told: Comparison, first: str, second: str) -> str:
    lines = []
    differing = [place for place in told.places if not place.equal]
    if told.same:
        lines.append(f"{len(told.places)} values, no difference")
    if told.first is not None:
        lines.append(f"first difference in {_named(told.first.a)}: {_much(told.first)}")
    if told.parted is not None:
        mine, other = (_named(moment) if moment is not None else "nothing more" for moment in told.parted)
        lines.append(f"after {len(told.places)} values the programs part: {first} does {mine}, {second} does {other}")
    if differing:
        lines.append(f"{len(differing)} of {len(told.places)} values differ; the most:")
        worst = sorted(differing, key=_size, reverse=True)[:SHOWN]
        lines += [f"  {_named(place.a):<48} {_much(place)}" for place in worst]
    if any(not place.sure for place in told.places):
        lines.append("where values were not kept, statistics were compared")
    return "\n".join(map(visible, lines))


def _named(moment: Moment) -> str:
    line = f" (line {moment.line[1]})" if moment.line else ""
    kind = {"op": f"op #{moment.id}", "node": f"node #{moment.id}", "grad": "the .grad of"}[moment.kind]
    return f"{kind} {moment.name}{line}" if moment.kind != "grad" else f"{kind} {moment.name}"


def _much(place: Compared) -> str:
    words = []
    if place.relative is not None:
        words.append(f"{place.relative:.3g} relative")
    if place.largest is not None:
        words.append(f"{place.largest:.3g} at most" + (f", at {list(place.at)}" if place.at else ""))
    return ", ".join(words) or "different"


def _plain(told: Comparison, most: int | None) -> dict[str, Any]:
    def moment(one: Moment | None) -> dict[str, Any] | None:
        if one is None:
            return None
        line = {"file": one.line[0], "line": one.line[1]} if one.line else None
        return {"kind": one.kind, "id": one.id, "index": one.index, "name": one.name, "place": line, "event": one.event}

    def place(one: Compared) -> dict[str, Any]:
        return {
            "a": moment(one.a), "b": moment(one.b), "sure": one.sure, "norm": _number(one.norm), "relative": _number(one.relative),
            "largest": _number(one.largest), "at": list(one.at) if one.at is not None else None,
        }  # fmt: skip

    differing = [one for one in told.places if not one.equal]
    shown = differing if most is None else sorted(differing, key=_size, reverse=True)[: max(most, 0)]
    return {
        "same": told.same, "compared": len(told.places), "first": place(differing[0]) if differing else None,
        "count": len(differing), "differing": [place(one) for one in shown], "sure": all(one.sure for one in told.places),
        "parted": None if told.parted is None else [moment(one) for one in told.parted],
    }  # fmt: skip


def _size(place: Compared) -> float:
    return place.relative or 0.0


def _number(x: float | None) -> float | str | None:
    return x if x is None or abs(x) != float("inf") else str(x)


COMMAND = Command("diff", __doc__, _arguments, _run)
