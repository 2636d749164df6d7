"""The bundled examples: the order of learning, what stands on the welcome page and under Help, and the task each one sets. No Qt."""

from __future__ import annotations

import ast
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "examples"
TASK = "What to find:"  # with these words the task begins, in the script's docstring

# the script, its name, what one sees at first
EXAMPLES: tuple[tuple[str, str, str], ...] = (
    ("nan.py", "Find the NaN", "The loss is a number, every gradient is NaN"),
    ("none_grad.py", "Why is this grad None?", "Part of a model gets no gradient"),
    ("hook.py", "A hook that changes a gradient", "Training stalls, and nobody sees why"),
    ("in_place.py", "Changed in place", "backward() refuses to run"),
    ("second_backward.py", "Backward twice", "The second step fails"),
    ("accumulate.py", "Gradients that pile up", "Training begins well and runs away"),
    ("wrong_formula.py", "A wrong formula", "A backward that is no derivative"),
    ("double_backward.py", "A gradient of a gradient", "A penalty on slopes, through two passes"),
    ("long_run.py", "A long run", "100,000 events, and NaN near their end"),
    ("four_ranks.py", "Four ranks, one poisoned", "The average of four gradients is NaN"),
)


def is_example(file: str) -> bool:
    """Whether a script is one of ours."""
    return bool(file) and Path(file).parent == FOLDER and any(name == Path(file).name for name, _, _ in EXAMPLES)


def task(file: str) -> str:
    """What is to be found in a bundled example, in sentences; "" for any other file."""
    if not is_example(file):
        return ""
    words = ast.get_docstring(ast.parse(Path(file).read_text(encoding="utf-8"))) or ""
    for paragraph in words.split("\n\n"):
        if paragraph.startswith(TASK):
            return " ".join(paragraph.split())
    return ""
