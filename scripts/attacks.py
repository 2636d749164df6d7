"""Change tapes of every kind in 1,500 ways each, let everything that reads a tape read them, and print what became of them.

    python3 scripts/attacks.py
    python3 scripts/attacks.py --kinds torch crashed --most 60 --readers records inspect --keep FOLDER
    python3 scripts/attacks.py --window                    the same, opened by one window without a display, one tape after another
    python3 scripts/attacks.py --window --minutes 20 --state FILE    so far now; the next time with FILE it goes on there

How far it is is said on stderr. Ctrl+C, SIGTERM and ``--minutes`` end it after the reading that is under way, with the table of what was
read; ``--from KIND:NUMBER`` begins there. The tapes are recorded anew each time, their changes are the same.

Ends with 1 where a reader was silently wrong, crashed, hung, took more than 2 s of the processor or 200 MiB, or did more than read; a
window also where it stood still for 2 s, raised, or kept to itself that a tape is refused, damaged or not ended. Interrupted by a
signal it ends with 128 and its number.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
VERDICTS = ("refused", "read to the damage", "not ended", "as it was", "SILENTLY DIFFERENT", "CRASH", "HANG")
HOSTILE_KIND = "hostile"
Row = tuple[str, str]  # a kind of tape, and how it was changed


class Results:
    """What became of the readings so far, and how many changes of each kind are done; kept in a file where there is one."""

    def __init__(self, file: Path | None) -> None:
        self.table: defaultdict[Row, Counter[str]] = defaultdict(Counter)
        self.worst: defaultdict[Row, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
        self.done: Counter[str] = Counter()
        self.wrong = 0
        self._file = file
        if file is not None and file.exists():
            facts = json.loads(file.read_text(encoding="utf-8"))
            self.wrong, self.done = facts["wrong"], Counter(facts["done"])
            for kind, how, counts, worst in facts["rows"]:
                self.table[kind, how], self.worst[kind, how] = Counter(counts), worst

    def save(self) -> None:
        """Write it down, for a run that goes on here."""
        if self._file is not None:
            rows = [[*row, counts, self.worst[row]] for row, counts in self.table.items()]
            self._file.write_text(json.dumps({"wrong": self.wrong, "done": self.done, "rows": rows}, indent=1), encoding="utf-8")

    def take(self, row: Row, outcome: Any) -> None:
        """Count what a reader made of a tape."""
        self.table[row][outcome.verdict] += 1
        self.worst[row] = list(map(max, self.worst[row], (outcome.seconds, outcome.stall, outcome.memory)))
        self.wrong += len(outcome.faults)

    def text(self, rows: Sequence[Row]) -> str:
        """The table, with a line for each of these rows that was read."""
        shown = [verdict for verdict in (*VERDICTS, "read") if any(c[verdict] for c in self.table.values()) or verdict.isupper()]
        lines = [
            "| tape | changed | " + " | ".join(shown) + " | most seconds | longest stall | most MiB |",
            "|---" * (len(shown) + 5) + "|",
        ]
        for row in rows:
            if row not in self.table:
                continue
            seconds, stall, memory = self.worst[row]
            counts = " | ".join(str(self.table[row][verdict]) for verdict in shown)
            lines.append(f"| {row[0]} | {row[1]} | {counts} | {seconds:.2f} | {stall:.2f} | {memory / 2**20:.0f} |")
        total = sum(self.table.values(), Counter())
        lines.append(f"| all | | {' | '.join(str(total[verdict]) for verdict in shown)} | | | |")
        return "\n".join([*lines, f"{sum(total.values())} readings, {self.wrong} faults"])


class Stop:
    """Why no further reading is begun: a signal, or the time is over."""

    def __init__(self, minutes: float) -> None:
        self.signal = 0
        self._end = time.monotonic() + 60 * minutes
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._heard)

    def _heard(self, number: int, frame: object) -> None:
        self.signal = number

    def __bool__(self) -> bool:
        return bool(self.signal) or time.monotonic() >= self._end


class Progress:
    """Says on stderr how far it is, every so often."""

    def __init__(self, total: int, often: float) -> None:
        self._total, self._count, self._often = total, 0, often
        self._begun = self._said = time.monotonic()

    def step(self, what: str, wrong: int) -> None:
        """One more change was read by all readers."""
        self._count += 1
        now = time.monotonic()
        if now - self._said < self._often and self._count < self._total:
            return
        self._said, passed = now, now - self._begun
        left = passed / self._count * (self._total - self._count)
        words = f"{what}: {self._count:,} of {self._total:,} changes, {wrong} faults, {passed / 60:.1f} min, about {left / 60:.0f} min left"
        print(words, file=sys.stderr, flush=True)


def changes(kinds: Sequence[str], most: int, hostile: Sequence[str], done: Counter[str]) -> Iterator[tuple[str, int]]:
    """Which are to be read: kind and number."""
    for kind in kinds:
        yield from ((kind, number) for number in range(done[kind], most))
    yield from ((HOSTILE_KIND, number) for number in range(done[HOSTILE_KIND], len(hostile)))


def main() -> int:
    """Run the attacks."""
    sys.path.insert(0, str(ROOT))
    from tests.attacks.hostile import HOSTILE
    from tests.attacks.mutations import HOW, mutation
    from tests.attacks.prison import Prison
    from tests.attacks.readers import READERS
    from tests.attacks.tapes import KINDS, can_record, record

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kinds", nargs="+", default=KINDS, choices=KINDS)
    parser.add_argument("--readers", nargs="+", default=list(READERS), choices=list(READERS))
    parser.add_argument("--window", action="store_true", help="the window in place of the readers")
    parser.add_argument("--most", type=int, default=1500, help="mutations of each kind (default: 1500)")
    parser.add_argument("--no-hostile", action="store_true", help="mutations only")
    parser.add_argument("--keep", type=Path, help="a folder for the files that a reader failed at")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="end after so many, with the table of what was read")
    parser.add_argument("--often", type=float, default=10, help="seconds between two lines of how far it is (default: 10)")
    parser.add_argument("--from", dest="first", metavar="KIND:NUMBER", default="", help="leave out what comes before this one")
    parser.add_argument("--state", type=Path, metavar="FILE", help="keep there how far it is, and go on from there")
    args = parser.parse_args()
    readers, runner = (["window"], "tests.attacks.window") if args.window else (args.readers, "tests.attacks.readers")
    kinds = [kind for kind in args.kinds if can_record(kind)]
    hostile = [] if args.no_hostile else list(HOSTILE)
    results, stop = Results(args.state), Stop(args.minutes)
    if args.first:
        kind, _, number = args.first.partition(":")
        if kind not in (*kinds, HOSTILE_KIND) or not number.isdecimal():
            parser.error(f"--from {args.first}: one of {', '.join((*kinds, HOSTILE_KIND))}, a colon and a number")
        order = [*kinds, HOSTILE_KIND]
        results.done.update(dict.fromkeys(order[: order.index(kind)], args.most) | {kind: int(number)})
    todo = list(changes(kinds, args.most, hostile, results.done))
    progress, reached = Progress(len(todo), args.often), ""

    with tempfile.TemporaryDirectory(prefix="gradstep-attacks-") as name:
        folder = Path(name)
        out = folder / "out"
        out.mkdir()
        tapes = [record(kind, folder) for kind in kinds] if any(kind != HOSTILE_KIND for kind, _ in todo) else []
        data = {kind: tape.read_bytes() for kind, tape in zip(kinds, tapes, strict=False)}
        with Prison(out, tapes, runner) as mutated, Prison(out, runner=runner) as made:
            for kind, number in todo:
                reached = f"{kind}:{number}"
                if stop:
                    break
                file = out / ("hostile.gst" if kind == HOSTILE_KIND else "changed.gst")
                if kind == HOSTILE_KIND:
                    what = how = hostile[number]
                    HOSTILE[what](file)
                else:
                    how, changed = mutation(data[kind], data[kinds[kinds.index(kind) - 1]], kind, number)
                    what = f"{kind} {number} {how}"
                    file.write_bytes(changed)
                prison, said = made if kind == HOSTILE_KIND else mutated, "" if kind == HOSTILE_KIND else kind
                outcomes = [(reader, prison.read(reader, file, said)) for reader in readers if not stop.signal]
                if stop.signal:  # what was read meanwhile may have ended with us
                    break
                for reader, outcome in outcomes:
                    results.take((kind, how), outcome)
                    for fault in outcome.faults:
                        print(f"{what}, {reader}: {fault}", file=sys.stderr, flush=True)
                    if outcome.faults and args.keep is not None:
                        args.keep.mkdir(parents=True, exist_ok=True)
                        (args.keep / f"{what.replace(' ', '-')}.gst").write_bytes(file.read_bytes())
                file.unlink()
                results.done[kind] = number + 1
                progress.step(what, results.wrong)
            else:
                reached = ""
    results.save()
    print(results.text([*[(kind, how) for kind in kinds for how in HOW], *[(HOSTILE_KIND, what) for what in hostile]]))
    if reached:
        on = f"--state {args.state}" if args.state is not None else f"--from {reached}"
        print(f"ended before {reached}; {on} goes on there", flush=True)
    return 128 + stop.signal if stop.signal else 1 if results.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
