"""The filter's language says what it finds and refuses what it cannot read."""

from __future__ import annotations

import math

import pytest

from gradstep.gui.models.row_table import RowKind
from gradstep.gui.models.rows import RowFacts
from gradstep.gui.panels.event_filter import FilterError, parse


def row(name: str, kind: RowKind = RowKind.STEP, **facts: object) -> RowFacts:
    fields: dict[str, object] = {
        "op": name.removesuffix("Backward0"), "module": "", "number": "#1", "norm": math.nan, "nans": 0, "infs": 0, "duration": math.nan
    }  # fmt: skip
    return RowFacts(kind, name, **(fields | facts))  # type: ignore[arg-type]


ADDMM = row("AddmmBackward0", module="block2.fc2", norm=0.93, number="#213", duration=4e-4)
LOG = row("LogBackward0", module="block2", norm=math.inf, infs=3, number="#214")
MUL = row("MulBackward0", norm=math.nan, nans=12, number="#215")
HOOK = row("clip_hook  tensor hook", RowKind.HOOK, op="", hook="clip_hook", norm=5000.0, number="#216")
ALL = [ADDMM, LOG, MUL, HOOK]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ALL),
        ("addmm", [ADDMM]),
        ("BLOCK2", [ADDMM, LOG]),
        ("addmm mul", [ADDMM, MUL]),
        ("+backward -mul", [ADDMM, LOG]),
        ("-backward", [HOOK]),
        ("(block2 log)", [LOG]),
        ("(block2 -log)", [ADDMM]),
        ("mul (block2 log)", [LOG, MUL]),
        ("+block2 log", [ADDMM, LOG]),
        ("nan", [MUL]),
        ("$nan()", [MUL]),
        ("$inf()", [LOG]),
        ("+$bad() -$inf()", [MUL]),
        ("$op(mm)", [ADDMM]),
        ("$op(=Mul)", [MUL]),
        ("$op(=M)", []),
        ("$module(fc2)", [ADDMM]),
        ("$hook(clip)", [HOOK]),
        ("$kind(hook)", [HOOK]),
        ("$norm(>1e3)", [LOG, HOOK]),
        ("$norm(<1)", [ADDMM]),
        ("$norm(0.5..1)", [ADDMM]),
        ("$time(>=4e-4)", [ADDMM]),
        ("$event(214..215)", [LOG, MUL]),
        ('"tensor hook"', [HOOK]),
    ],
)
def test_a_filter_lets_through_what_it_names(text: str, found: list[RowFacts]) -> None:
    assert [facts for facts in ALL if parse(text).matches(facts)] == found


@pytest.mark.parametrize(
    ("text", "message", "at"),
    [
        ("(a b", "a ')' is missing", 4),
        ("+", "a word, a group or a $function is missing", 1),
        ("()", "the group is empty", 0),
        ("$nan", "$nan needs brackets", 4),
        ("$nam()", "there is no $nam()", 0),
        ("$norm(big)", "'big' is no comparison", 6),
        ("$op()", "a name is missing", 4),
        ("$kind(leaf)", "'leaf' is no kind", 6),
        ('"open', "a '\"' is missing", 5),
        ("a )", "a word", 2),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place(text: str, message: str, at: int) -> None:
    with pytest.raises(FilterError) as caught:
        parse(text)
    assert str(caught.value).startswith(message)
    assert caught.value.at == at


def test_an_empty_filter_is_false() -> None:
    assert not parse("   ")
    assert parse("a")
