"""Change tapes of every kind in 1,500 ways each, let everything that reads a tape read them, and print what became of them.

    python3 scripts/attacks.py
    python3 scripts/attacks.py --kinds torch crashed --most 60 --readers records inspect --keep FOLDER
    python3 scripts/attacks.py --window                    the same, opened by one window without a display, one tape after another

Ends with 1 where a reader was silently wrong, crashed, hung, took more than 2 s of the processor or 200 MiB, or did more than read; a
window also where it stood still for 2 s, raised, or kept to itself that a tape is refused, damaged or not ended.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
VERDICTS = ("refused", "read to the damage", "not ended", "as it was", "SILENTLY DIFFERENT", "CRASH", "HANG")


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
    args = parser.parse_args()
    readers, runner = (["window"], "tests.attacks.window") if args.window else (args.readers, "tests.attacks.readers")
    table: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    worst: defaultdict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    wrong = 0

    def take(row: tuple[str, str], what: str, reader: str, outcome: Any, file: Path) -> None:
        nonlocal wrong
        table[row][outcome.verdict] += 1
        worst[row] = list(map(max, worst[row], (outcome.seconds, outcome.stall, outcome.memory)))
        for fault in outcome.faults:
            wrong += 1
            print(f"{what}, {reader}: {fault}", file=sys.stderr, flush=True)
            if args.keep is not None:
                args.keep.mkdir(parents=True, exist_ok=True)
                (args.keep / f"{what.replace(' ', '-')}.gst").write_bytes(file.read_bytes())

    with tempfile.TemporaryDirectory(prefix="gradstep-attacks-") as name:
        folder = Path(name)
        out = folder / "out"
        out.mkdir()
        kinds = [kind for kind in args.kinds if can_record(kind)]
        tapes = [record(kind, folder) for kind in kinds]
        data = {kind: tape.read_bytes() for kind, tape in zip(kinds, tapes, strict=True)}
        with Prison(out, tapes, runner) as prison:
            for place, kind in enumerate(kinds):
                other = data[kinds[place - 1]]
                for number in range(args.most):
                    how, changed = mutation(data[kind], other, kind, number)
                    file = out / "changed.gst"
                    file.write_bytes(changed)
                    for reader in readers:
                        take((kind, how), f"{kind} {number} {how}", reader, prison.read(reader, file, kind), file)
        if not args.no_hostile:
            with Prison(out, runner=runner) as prison:
                for what, make in HOSTILE.items():
                    file = out / "hostile.gst"
                    make(file)
                    for reader in readers:
                        take(("hostile", what), what, reader, prison.read(reader, file), file)
                    file.unlink()
    shown = [verdict for verdict in (*VERDICTS, "read") if any(counts[verdict] for counts in table.values()) or verdict.isupper()]
    print("| tape | changed | " + " | ".join(shown) + " | most seconds | longest stall | most MiB |")
    print("|---" * (len(shown) + 5) + "|")
    for row in [*[(kind, how) for kind in kinds for how in HOW], *[row for row in table if row[0] == "hostile"]]:
        seconds, stall, memory = worst[row]
        counts = " | ".join(str(table[row][verdict]) for verdict in shown)
        print(f"| {row[0]} | {row[1]} | {counts} | {seconds:.2f} | {stall:.2f} | {memory / 2**20:.0f} |")
    total = sum(table.values(), Counter())
    print(f"| all | | {' | '.join(str(total[verdict]) for verdict in shown)} | | | |")
    print(f"{sum(total.values())} readings, {wrong} faults")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
