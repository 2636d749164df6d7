"""The tables of a session's states are complete and agree with each other."""

import pytest

from gradstep.engine.debug.states import ALIVE, ALLOWED, ENDED, NEXT, RUNNING, SENTENCES, Action, Facts, State, sentence


def test_every_state_has_its_row_in_every_table():
    assert set(NEXT) == set(ALLOWED) == set(SENTENCES) == set(State)


def test_every_state_can_be_reached_and_left():
    reachable = {State.IDLE}
    while grown := {after for state in reachable for after in NEXT[state]} - reachable:
        reachable |= grown
    assert reachable == set(State)
    assert all(NEXT.values())


def test_every_action_is_possible_somewhere():
    assert frozenset().union(*ALLOWED.values()) == set(Action)


@pytest.mark.parametrize("state", sorted(ALIVE - {State.STOPPING}, key=lambda state: state.name))
def test_a_live_program_can_be_stopped_and_killed_and_may_die_by_itself(state):
    assert {Action.STOP, Action.KILL} <= ALLOWED[state]
    assert {State.STOPPING, State.CRASHED, State.FINISHED, State.RAISED} <= NEXT[state]


@pytest.mark.parametrize("state", sorted(ENDED, key=lambda state: state.name))
def test_an_ended_session_can_only_be_looked_at_or_started_again(state):
    assert State.STARTING in NEXT[state]
    assert not NEXT[state] & (ALIVE - {State.STARTING})
    assert Action.RESTART in ALLOWED[state]
    assert not ALLOWED[state] & {Action.CONTINUE, Action.NEXT, Action.EVALUATE, Action.PAUSE, Action.KILL}


def test_questions_about_values_need_a_paused_program():
    assert {state for state in State if Action.EVALUATE in ALLOWED[state]} == {State.PAUSED}
    assert {state for state in State if Action.INSPECT in ALLOWED[state]} == {State.PAUSED}


def test_only_a_running_program_can_be_paused():
    assert {state for state in State if Action.PAUSE in ALLOWED[state]} == RUNNING | {State.UNRESPONSIVE}


def test_after_stopping_there_is_only_an_end():
    assert NEXT[State.STOPPING] == ENDED


def test_sentences_mention_what_is_known_and_end_in_a_full_stop_when_nothing_is():
    assert sentence(State.READY, Facts(script="mnist.py")) == "mnist.py is ready to run."
    assert sentence(State.CRASHED, Facts(reason="SIGSEGV in node #214.")) == "Crashed: SIGSEGV in node #214."
    assert all(sentence(state).endswith(".") for state in State)
