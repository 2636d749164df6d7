"""``import torch`` is this engine where the user chose it: in the script, its workers and its subprocesses."""

import os
import subprocess
import sys
import textwrap

import pytest

from gradstep.engine import shim


def run(text, engine="gradstep", tmp_path=None):
    paths = shim.folders(engine)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    path = tmp_path / "script.py"
    path.write_text(textwrap.dedent(text))
    return subprocess.run([sys.executable, str(path)], env=environment, capture_output=True, text=True, check=False, cwd=tmp_path)


@pytest.fixture
def output(tmp_path):
    def output(text, engine="gradstep"):
        result = run(text, engine, tmp_path)
        assert result.returncode == 0, result.stderr
        return result.stdout.strip()

    return output


def test_torch_and_what_is_below_it_are_the_engine_itself_and_no_copy(output):
    assert (
        output(
            """
            import torch, torch.autograd.walk, torch.nn
            from torch.autograd import walk
            import gradstep.engine, gradstep.engine.autograd.walk as ours, gradstep.engine.nn
            print(torch is gradstep.engine, walk is ours is torch.autograd.walk, torch.nn is gradstep.engine.nn)
            print(ours.__spec__.name, ours.__name__, sys.modules["torch.autograd.walk"] is ours) if (sys := __import__("sys")) else None
            """
        )
        == "True True True\ngradstep.engine.autograd.walk gradstep.engine.autograd.walk True"
    )


def test_what_is_missing_raises_what_hasattr_and_try_expect_and_says_more(output):
    text = output(
        """
        import torch.autograd
        print(hasattr(torch, "no_such_thing"), hasattr(torch.autograd, "no_such_thing"))
        for code in ("torch.no_such_thing", "torch.autograd.no_such_thing", "import torch.no_such_module", "import torch.no.such"):
            try:
                exec(code)
            except (AttributeError, ImportError) as error:
                print(type(error).__name__, error)
        """
    ).splitlines()
    assert text[0] == "False False"
    assert text[1].startswith("AttributeError module 'torch' has no attribute 'no_such_thing': gradstep's engine does not have it")
    assert text[2].startswith("AttributeError module 'torch.autograd' has no attribute 'no_such_thing'")
    assert text[3].startswith("ModuleNotFoundError No module named 'torch.no_such_module': gradstep's engine")
    assert text[4].startswith("ModuleNotFoundError No module named 'torch.no'")
    assert all("gradstep's engine does not have it" in line for line in text[2:])


def test_subprocesses_and_spawned_workers_see_the_same_torch(output):
    assert (
        output(
            """
            import multiprocessing, subprocess, sys
            import torch

            def work(number):
                import torch
                x = torch.tensor([float(number)], requires_grad=True)
                (x * x).backward(torch.ones(1))
                return torch.__name__, x.grad.tolist()

            if __name__ == "__main__":
                with multiprocessing.get_context("spawn").Pool(1) as pool:
                    print(pool.map(work, [1, 2]))
                command = [sys.executable, "-c", "import torch; print(torch.__name__)"]
                print(subprocess.run(command, capture_output=True, text=True).stdout.strip())
            """
        )
        == "[('gradstep.engine', [2.0]), ('gradstep.engine', [4.0])]\ngradstep.engine"
    )


def test_a_module_of_the_users_own_called_torch_stays_theirs(tmp_path):
    (tmp_path / "torch.py").write_text("mine = True\n")
    assert run("import torch; print(torch.mine)", "gradstep", tmp_path).stdout == "True\n"


def test_with_the_engine_torch_the_name_is_left_alone(output):
    found = output(
        """
        import importlib.util, gradstep.engine
        found = importlib.util.find_spec("torch")
        print("none" if found is None else found.origin)
        """,
        "torch",
    )
    assert "shim" not in found


def test_a_target_of_other_people_runs_without_our_torch():
    assert shim.AS_TORCH not in shim.folders("jax")


def test_safetensors_reads_into_the_engine_where_torch_is_it(output, tmp_path):
    text = """
        import torch, safetensors
        from safetensors.torch import load_file, save_file
        from safetensors import safe_open
        save_file({"a": torch.arange(3.0)}, "a.safetensors", {"k": "v"})
        found = load_file("a.safetensors")["a"]
        with safe_open("a.safetensors", framework="pt") as f:
            print(isinstance(found, torch.Tensor), found.tolist(), f.keys(), f.metadata())
        torch.save({"a": found}, "a.pt")
        print(torch.load("a.pt", weights_only=True)["a"].tolist(), torch.serialization.get_safe_globals())
        """
    assert output(text) == "True [0.0, 1.0, 2.0] ['a'] {'k': 'v'}\n[0.0, 1.0, 2.0] []"
