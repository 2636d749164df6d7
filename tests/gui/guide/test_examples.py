"""The bundled examples: what is on the page, in the folder and in the README is the same, and each sets a task."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gradstep.gui.guide.examples import EXAMPLES, FOLDER, TASK, is_example, task


def test_ten_examples_and_no_script_that_is_not_listed() -> None:
    assert len(EXAMPLES) == 10
    assert sorted(name for name, _, _ in EXAMPLES) == sorted(file.name for file in FOLDER.glob("*.py"))


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_each_has_its_number_and_a_task_that_fits_a_bar(number: int) -> None:
    file = FOLDER / EXAMPLES[number][0]
    assert file.read_text(encoding="utf-8").startswith(f'"""Example {number + 1}: ')
    words = task(str(file))
    assert words.startswith(TASK)
    assert words.endswith(("?", "."))
    assert len(words) < 400, "four lines of a small window"
    assert "\n" not in words


def test_other_scripts_have_no_task(tmp_path: Path) -> None:
    copy = tmp_path / "nan.py"
    copy.write_text((FOLDER / "nan.py").read_text(encoding="utf-8"), encoding="utf-8")
    assert not is_example(str(copy))
    assert task(str(copy)) == task("") == ""


def test_the_readme_names_each_of_them(root: Path) -> None:
    table = (root / "README.md").read_text(encoding="utf-8")
    table = table[table.index("| example | try |") :].split("\n\n")[0].replace("`", "")
    named = {name.strip() for line in re.findall(r"^\| (.*?) \|", table, re.MULTILINE)[1:] for name in line.split(", one")[0].split(",")}
    for _, label, _ in EXAMPLES:
        assert label.split(", one")[0] in named
