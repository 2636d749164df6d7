"""Every script of the corpus is explained as it says, to the line; healthy ones are left in peace."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gradstep.engine.explain.finding import Severity

from .corpus import FOLDER, expected, found

SCRIPTS = sorted(FOLDER.glob("*/*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: f"{script.parent.name}/{script.stem}")
def test_a_script_is_explained_as_it_says(script: Path) -> None:
    wanted = expected(script)
    told = [finding for finding in found(script) if finding.severity is not Severity.NOTE or finding.code in wanted.codes]
    assert sorted(finding.code for finding in told) == sorted(wanted.codes), [f"{f.code}: {f.text}" for f in told]
    places = [(place.role, place.frame.line) for finding in told for place in finding.places]
    for role, lines in wanted.lines.items():
        assert sorted({line for r, line in places if r == role}) == lines, (role, places)
    for key, value in wanted.details.items():
        assert [_numbers(finding.details.get(key)) for finding in told] == [value], (key, [finding.details for finding in told])
    for finding in told:
        assert finding.text
        assert finding.fix
        assert finding.title


def _numbers(told: Any) -> Any:
    """JSON has no infinity: details hold it as a word."""
    return [float(number) for number in told] if isinstance(told, list) else told
