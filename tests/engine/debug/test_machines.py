"""How another machine is reached."""

from __future__ import annotations

import pytest

from gradstep.engine.debug.machines import Machine, split_place


def test_ssh_is_told_not_to_ask_and_what_stands_there_is_quoted() -> None:
    machine = Machine("me@cluster", "~/my project", ".venv/bin/python", ssh="ssh -p 2222")
    assert machine.reach() == (
        "ssh", "-p", "2222", "-o", "BatchMode=yes", "-o", "ConnectTimeout=20", "--", "me@cluster",
        "cd ~/'my project' && exec .venv/bin/python -P -m gradstep agent --stdio",
    )  # fmt: skip


def test_without_a_python_it_is_the_gradstep_on_the_path_there() -> None:
    assert Machine("cluster").reach()[-1] == "exec gradstep agent --stdio"
    assert Machine("cluster", python="~/e/bin/python", gradstep="/opt/g").reach()[-1] == "exec /opt/g agent --stdio"


def test_what_is_not_ssh_gets_none_of_its_options() -> None:
    assert Machine("box", ssh="docker exec -i").reach()[:4] == ("docker", "exec", "-i", "--")


@pytest.mark.parametrize("machine", [Machine(""), Machine("-oProxyCommand=x"), Machine("box", ssh="")])
def test_no_option_can_be_taken_for_a_machine(machine: Machine) -> None:
    with pytest.raises(ValueError, match="the machine"):
        machine.reach()


@pytest.mark.parametrize(
    ("word", "place"),
    [
        ("cluster:project/train.py", ("cluster", "project/train.py")),
        ("me@cluster:/a/b.py", ("me@cluster", "/a/b.py")),
        ("[fe80::1]:a.py", ("fe80::1", "a.py")),
        ("train.py", ("", "train.py")),
        ("./a:b.py", ("", "./a:b.py")),
        ("-x:b.py", ("", "-x:b.py")),
        (":b.py", ("", ":b.py")),
    ],
)
def test_a_place_names_a_machine_or_none(word: str, place: tuple[str, str]) -> None:
    assert split_place(word) == place
