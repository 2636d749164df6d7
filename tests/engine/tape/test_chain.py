"""A chain grows and shrinks in no time, whoever holds an earlier one keeps it, and it equals a tuple."""

from __future__ import annotations

import pytest

from gradstep.engine.tape.chain import EMPTY, Chain


def test_a_chain_is_a_sequence_that_equals_a_tuple() -> None:
    chain: Chain[int] = EMPTY.longer(1).longer(2).longer(3)
    assert (list(chain), list(reversed(chain)), len(chain)) == ([1, 2, 3], [3, 2, 1], 3)
    assert (chain[0], chain[-1], chain[1:]) == (1, 3, (2, 3))
    assert chain == (1, 2, 3)
    assert chain == EMPTY.longer(1).longer(2).longer(3)
    assert chain != (1, 2)
    assert hash(chain) == hash((1, 2, 3))
    assert not EMPTY
    with pytest.raises(IndexError):
        EMPTY[0]


def test_an_earlier_chain_stays_as_it_was() -> None:
    one = EMPTY.longer("a")
    two = one.longer("b")
    assert (one, two, two.shorter) == (("a",), ("a", "b"), ("a",))
    assert two.longer("c").before("b") is one
    assert two.before("x") is None
    with pytest.raises(IndexError):
        _ = EMPTY.shorter


def test_a_long_chain_is_let_go_without_recursion() -> None:
    chain = EMPTY
    for number in range(300_000):
        chain = chain.longer(number)
    assert chain[-1] == 299_999
    del chain
