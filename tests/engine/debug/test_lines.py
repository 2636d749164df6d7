"""Lines are watched where there are breakpoints on them, on every Python, also in code that comes and goes."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gradstep.engine.debug import lines

# Code that is traced, freed and made anew at the same address with lines elsewhere, while tracing goes on and off.
COMES_AND_GOES = """\
import sys
from gradstep.engine.debug.lines import Lines

reached = []
watched = Lines(lambda frame: reached.append(frame.f_lineno))
places = frozenset({("made.py", 3)})
addresses = set()
for turn in range(3000):
    gap = "\\n" * (0, 3, 50, 400, 7, 33, 1000)[turn % 7]
    source = "def g(watch):\\n    watch()\\n    a = 1\\n" + f"    a = 1\\n{gap}" * 12
    space = {}
    exec(compile(source, "made.py", "exec"), space)
    g = space.pop("g")
    addresses.add(id(g.__code__))
    g(lambda: watched.watch(places, sys._getframe(1)))
    if turn % 3 == 0:
        watched.watch(frozenset(), sys._getframe())
    del g, space
watched.watch(frozenset(), sys._getframe())
list(map(exec, ["\\n" * turn + "a = 1" for turn in range(200)]))
assert len(addresses) < 1000, "no address was used again: this shows nothing"
assert reached == [3] * 3000, len(reached)
"""


def test_code_that_is_made_and_freed_while_lines_are_watched_is_stopped_at_and_ends() -> None:
    done = subprocess.run([sys.executable, "-c", COMES_AND_GOES], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_nothing_is_traced_where_no_line_is_watched() -> None:
    found = sys.gettrace()
    watched = lines.Lines(lambda frame: None)
    try:
        watched.watch(frozenset({(__file__, 1)}), None)
        assert watched.exact
        assert watched.asks(__file__)
    finally:
        watched.watch(frozenset(), None)
    assert sys.gettrace() is None or lines.MONITORS
    sys.settrace(found)


@pytest.mark.skipif(not lines.MONITORS, reason="sys.monitoring is of Python 3.12")
def test_another_tool_in_our_place_is_left_alone() -> None:
    monitoring = sys.monitoring  # type: ignore[attr-defined]
    monitoring.use_tool_id(lines.TOOL, "another")
    try:
        watched = lines.Lines(lambda frame: None)
        watched.watch(frozenset({(__file__, 1)}), None)
        assert not watched.exact
        watched.watch(frozenset(), None)
        assert monitoring.get_tool(lines.TOOL) == "another"
    finally:
        monitoring.free_tool_id(lines.TOOL)
