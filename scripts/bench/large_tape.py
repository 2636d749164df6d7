#!/usr/bin/env python3
"""Writes the tape of a transformer with as many backward nodes as asked for, with the recorder, as a script's own run does.

python scripts/bench/large_tape.py 1000000 million.gst [--level STRUCTURE|STATISTICS|VALUES]
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import gradstep.engine
from gradstep.engine.tape.log import Writer
from gradstep.engine.tape.recorder import Level, Recorder, recording

torch: Any = gradstep.engine  # its names are given by a function, which a type checker does not look into
WIDTH, HEADS, BATCH, TOKENS = 4, 2, 1, 2


class Attention(torch.nn.Module):  # type: ignore[misc]
    """Projections, scores, mixture, as most implementations write them."""

    def __init__(self) -> None:
        super().__init__()
        self.q, self.k, self.v, self.o = (torch.nn.Linear(WIDTH, WIDTH) for _ in range(4))

    def forward(self, x: Any) -> Any:
        def heads(y: Any) -> Any:
            return y.view(BATCH, TOKENS, HEADS, WIDTH // HEADS).transpose(1, 2)

        q, k, v = heads(self.q(x)), heads(self.k(x)), heads(self.v(x))
        scores = (q @ k.transpose(-1, -2) * 0.7).softmax(-1)
        return self.o((scores @ v).transpose(1, 2).reshape(BATCH, TOKENS, WIDTH))


class Block(torch.nn.Module):  # type: ignore[misc]
    """Pre-norm attention and a small network, each beside a residual."""

    def __init__(self) -> None:
        super().__init__()
        self.ln1, self.attn, self.ln2 = torch.nn.LayerNorm(WIDTH), Attention(), torch.nn.LayerNorm(WIDTH)
        self.mlp = torch.nn.Sequential(torch.nn.Linear(WIDTH, WIDTH), torch.nn.GELU(), torch.nn.Linear(WIDTH, WIDTH))

    def forward(self, x: Any) -> Any:
        x = x + self.attn(self.ln1(x))
        return x + self.mlp(self.ln2(x))


class Transformer(torch.nn.Module):  # type: ignore[misc]
    """Blocks one after the other."""

    def __init__(self, blocks: int) -> None:
        super().__init__()
        self.blocks = torch.nn.ModuleList(Block() for _ in range(blocks))
        self.head = torch.nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Any) -> Any:
        for block in self.blocks:
            x = block(x)
        return self.head(x)


NODES_A_BLOCK = 71


def write(nodes: int, path: Path, level: Level) -> int:
    """One forward and one backward pass on a tape; the number of backward nodes on it."""
    model = Transformer(max(1, nodes // NODES_A_BLOCK))
    writer = Writer(path)
    recorder = Recorder(writer, level)
    with recording(recorder):
        model(torch.ones(BATCH, TOKENS, WIDTH)).log_softmax(-1).mean().backward()
    recorder.close()
    writer.close()
    return nodes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("nodes", type=int)
    parser.add_argument("path", type=Path)
    parser.add_argument("--level", choices=[level.name for level in Level], default="STATISTICS")
    arguments = parser.parse_args()
    start = time.perf_counter()
    write(arguments.nodes, arguments.path, Level[arguments.level])
    print(f"{arguments.path}: {arguments.path.stat().st_size / 2**20:.0f} MiB in {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main()
