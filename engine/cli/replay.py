"""Run the backward passes of a tape again, without the script, and compare every gradient with the tape's.

    gradstep replay t.gst             the nodes of each pass in order, and what became of each
    gradstep replay t.gst --verify    only whether all came out as on the tape, bit for bit, and the first difference

Nothing on the tape is executed: ops are this engine's own, found by name. What cannot be computed again (a Function of the user's own, what
hooks gave, values that were not kept) is taken from the tape, and counted.

Exit codes: 0 all that was compared is equal, 1 something differs or nothing could be compared, 2 no such pass, 65 the tape is damaged,
66 no such file."""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..tape.reader import Tape
from ..tape.visible import visible
from .command import Command, Exit, Failed
from .tapes import open_tape, read_to_end

if TYPE_CHECKING:
    from ..debug.replay import Outcome

MEMORY = 8 << 30  # bytes that a replay may take beside what the process has
SECONDS = 600


class TooLong(Exception):
    """The time is over."""


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("tape", metavar="TAPE", help="a tape with values")
    parser.add_argument("--verify", action="store_true", help="say only whether all is equal, and what differs first")
    parser.add_argument("--run", type=int, metavar="N", help="only this pass (its number is what `gradstep inspect` shows)")
    parser.add_argument("--seconds", type=int, default=SECONDS, metavar="N", help=f"give up after so long (default: {SECONDS})")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _run(args: argparse.Namespace) -> int:
    from ..debug.replay import replayed  # brings the whole engine, which no other command that reads needs

    tape = open_tape(args.tape)
    try:
        if args.run is not None and args.run not in tape.runs:
            known = ", ".join(map(str, sorted(tape.runs)[:20])) or "none"
            raise Failed(f"{args.tape} has no pass {args.run}; it has {known}", Exit.USAGE)
        with limited(args.seconds):
            outcomes = replayed(tape, None if args.run is None else [args.run])
        damage = tape.damage
        print(json.dumps(_plain(args.tape, outcomes, damage), indent=2) if args.json else _text(tape, outcomes, args.verify))
        return read_to_end(tape, Exit.OK if _is_good(outcomes) else Exit.FAILED, "replayed")
    except TooLong:
        raise Failed(f"{args.tape}: not done after {args.seconds} s; --seconds gives it more", Exit.FAILED) from None
    finally:
        tape.close()


def _is_good(outcomes: list[Outcome]) -> bool:
    return all(outcome.same for outcome in outcomes) and any(outcome.equal or outcome.alike or outcome.taken for outcome in outcomes)


@contextmanager
def limited(seconds: int) -> Iterator[None]:
    """Inside it a tape cannot ask for more memory and time than there is to give. Raises TooLong."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = _size() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (min(most, hard) if hard != resource.RLIM_INFINITY else most, hard))

    def late(*_: object) -> None:
        raise TooLong

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(max(seconds, 1))
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _size() -> int:
    """The address space of this process in bytes."""
    if sys.platform != "linux":
        return 64 << 30
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")


# ---------------------------------------------------------------------------------------------------------------- words


def _text(tape: Tape, outcomes: list[Outcome], short: bool) -> str:
    if not outcomes:
        return "there is no backward pass on this tape"
    lines: list[str] = []
    for outcome in outcomes:
        lines.append(_summary(outcome))
        if not short:
            lines += _nodes(tape, outcome)
        lines += [f"    {count:>6} {reason}" for reason, count in outcome.reasons().items()]
        if outcome.differences:
            lines.append(f"  first difference: {outcome.differences[0].sentence}")
        if outcome.parted:
            lines.append(f"  the order differs: {outcome.parted}")
    return "\n".join(map(visible, lines))


def _summary(outcome: Outcome) -> str:
    words = [f"pass {outcome.run}: {outcome.nodes} nodes", f"{len(outcome.equal)} computed again and bit-equal"]
    if outcome.alike:
        words.append(f"{len(outcome.alike)} equal as far as values were kept")
    if outcome.taken:
        words.append(f"{len(outcome.taken)} taken from the tape")
    if outcome.unknown:
        words.append(f"{len(outcome.unknown)} not known")
    if outcome.hooks:
        words.append(f"{outcome.hooks} gradients as hooks or edits changed them")
    if outcome.differences:
        words.append(f"{len({one.node for one in outcome.differences})} DIFFERENT")
    return ", ".join(words) + (f"; the pass ended in {outcome.ended}" if outcome.ended else "")


def _nodes(tape: Tape, outcome: Outcome) -> list[str]:
    wrong = {one.node: one.text for one in reversed(outcome.differences)}
    verdicts = {id: f"taken from the tape: {why}" for id, why in outcome.taken.items()}
    verdicts |= {id: f"not known: {why}" for id, why in outcome.unknown.items()}
    verdicts |= {id: f"DIFFERENT: {text}" for id, text in wrong.items()}
    order = [*outcome.equal, *outcome.alike, *verdicts]
    alike = set(outcome.alike)
    shown = []
    for id in sorted(set(order), key=lambda id: -tape.nodes[id].sequence if id in tape.nodes else 0):
        verdict = verdicts.get(id) or ("equal as far as values were kept" if id in alike else "equal")
        shown.append(f"  node #{id:<6} {tape.nodes[id].name:<28} {verdict}")
    return shown


def _plain(path: str, outcomes: list[Outcome], damage: str) -> dict[str, Any]:
    return {
        "tape": path,
        "equal": _is_good(outcomes) and not damage,
        "damage": damage,
        "runs": [_plain_run(outcome) for outcome in outcomes],
    }


def _plain_run(outcome: Outcome) -> dict[str, Any]:
    first = outcome.differences[0] if outcome.differences else None
    return {
        "run": outcome.run, "nodes": outcome.nodes, "bit_equal": len(outcome.equal), "equal_by_statistics": len(outcome.alike),
        "taken_from_tape": len(outcome.taken), "unknown": len(outcome.unknown), "reasons": outcome.reasons(),
        "changed_by_hooks": outcome.hooks, "different": len({one.node for one in outcome.differences}), "parted": outcome.parted,
        "ended": outcome.ended,
        "first": None if first is None else {
            "node": first.node, "name": first.name, "what": first.what, "index": first.index, "event": first.event, "text": first.text,
        },
    }  # fmt: skip


COMMAND = Command("replay", __doc__, _arguments, _run)
