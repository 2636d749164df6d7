"""Counts how much of PyTorch's op database our engine agrees with: the command behind ``scripts/parity.py``."""

from __future__ import annotations

import argparse
import fnmatch
import json
import sys
from dataclasses import asdict

from .module_database import DATABASE, outcome
from .op_database import Verdict, check
from .op_entries import ENTRIES, LEFT_OUT, read_states, write_states


def main(arguments: list[str]) -> None:
    """Run the entries that the arguments ask for and print what was found."""
    asked = _arguments(arguments)
    if asked.excluded:
        for name, why in sorted(LEFT_OUT.items()):
            print(f"{name:50} {why}")
        return
    if asked.modules:
        print("\n".join(_modules(asked.only)))
        return
    names = [n for n in ENTRIES if not asked.only or any(fnmatch.fnmatchcase(n, p) or n.partition("/")[0] == p for p in asked.only)]
    verdicts: list[Verdict] = []
    for number, name in enumerate(names, 1):
        if sys.stderr.isatty():
            print(f"\r{number}/{len(names)} {name:60.60}", end="", file=sys.stderr, flush=True)
        verdicts.append(check(name, asked.samples))
    if sys.stderr.isatty():
        print("\r" + " " * 80 + "\r", end="", file=sys.stderr, flush=True)
    if asked.write:
        states = {n: s for n, s in read_states().items() if n in ENTRIES and n not in names}
        states |= {v.name: (v.stage, v.reason) for v in verdicts if v.stage != "passes"}
        write_states(states)
    if asked.json:
        print(json.dumps([asdict(v) for v in verdicts], indent=1))
        return
    for verdict in verdicts:
        if verdict.stage == "missing" if asked.missing else verdict.stage != "passes" and (asked.failures or asked.only):
            print(f"{verdict.name:34} {verdict.stage:9} {verdict.reason[:300]}")
        elif asked.notes:
            for note in verdict.notes:
                print(f"{verdict.name:34} {note[:300]}")
    print("\n".join(summary(verdicts)))


def _modules(only: list[str]) -> list[str]:
    """What differs among PyTorch's database of modules, and how many of them agree."""
    names = [n for n in DATABASE if not only or any(fnmatch.fnmatchcase(n.removeprefix("nn."), p.removeprefix("nn.")) for p in only)]
    found = {name: outcome(name) for name in names}
    lines = [f"{name:34} {problems[0][:300]}" for name, problems in found.items() if problems]
    return [*lines, f"modules: {len(names)} were asked for, {sum(not problems for problems in found.values())} agree"]


def summary(verdicts: list[Verdict]) -> list[str]:
    """The counts, over all entries and by family."""
    families: dict[str, list[Verdict]] = {"all": verdicts}
    for v in verdicts:
        families.setdefault(v.name.rpartition(".")[0] or "torch", []).append(v)
    columns = (
        "entries",
        "have",
        "forward",
        "forward and backward",
        "and variants",
        "error inputs",
        "integer types",
        "complex",
        "16 bits",
        "out=",
    )
    lines = ["".join([f"{'':16}", *(f"{c:>{max(len(c), 9) + 2}}" for c in columns)])]
    for family, found in sorted(families.items(), key=lambda item: -len(item[1])):
        counts = [
            str(len(found)),
            str(sum(v.stage != "missing" for v in found)),
            str(sum(v.forward for v in found)),
            str(sum(v.backward for v in found)),
            str(sum(v.stage == "passes" for v in found)),
            *(f"{sum(p[0] for p in pairs)}/{sum(p[1] for p in pairs)}" for pairs in _pairs(found)),
        ]
        lines.append("".join([f"{family:16}", *(f"{c:>{max(len(h), 9) + 2}}" for c, h in zip(counts, columns, strict=True))]))
    able = [v for v in verdicts if v.differentiable]
    lines.append(f"differentiable: {len(able)} entries were asked for gradients, {sum(v.backward for v in able)} agree")
    return lines


def _pairs(found: list[Verdict]) -> list[list[tuple[int, int]]]:
    return [
        [v.errors for v in found],
        [v.integers for v in found],
        [v.complexes for v in found],
        [v.halves for v in found],
        [v.outs for v in found],
    ]


def _arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="parity.py", description="PyTorch's op database as oracle: how many entries agree.")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="entries by name or pattern (add, 'linalg.*', max/binary)")
    parser.add_argument("--modules", action="store_true", help="PyTorch's database of modules (torch.nn) instead of that of ops")
    parser.add_argument("--missing", action="store_true", help="list the entries that we have no name for")
    parser.add_argument("--failures", action="store_true", help="list all entries that do not pass, with the reason")
    parser.add_argument("--notes", action="store_true", help="list what differs among error inputs, integer and complex types")
    parser.add_argument("--excluded", action="store_true", help="list the entries that do not count, with the reason")
    parser.add_argument("--samples", type=int, metavar="N", help="at most N samples an entry (at least 2)")
    parser.add_argument("--write", action="store_true", help="note the state of the entries that were run in tests/parity/op_states.txt")
    parser.add_argument("--json", action="store_true", help="print everything that was found as JSON")
    return parser.parse_args(arguments)
