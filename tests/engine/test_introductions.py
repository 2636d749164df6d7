"""What the introductions to autograd of PyTorch and of "Dive into Deep Learning" show comes out as they show it."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
from pathlib import Path

import pytest

import gradstep.engine as gs
from gradstep.engine.tape.check import check
from gradstep.engine.tape.reader import Tape

# name -> a script, and what it prints
SNIPPETS = {
    "a mean of squares": (
        """
import torch
x = torch.ones(2, 2, requires_grad=True)
print(x)
y = x + 2
print(y)
print(y.grad_fn.name())
z = y * y * 3
out = z.mean()
print(z, out)
out.backward()
print(x.grad)
""",
        """
tensor([[1., 1.],
        [1., 1.]], requires_grad=True)
tensor([[3., 3.],
        [3., 3.]], grad_fn=<AddBackward0>)
AddBackward0
tensor([[27., 27.],
        [27., 27.]], grad_fn=<MulBackward0>) tensor(27., grad_fn=<MeanBackward0>)
tensor([[4.5000, 4.5000],
        [4.5000, 4.5000]])
""",
    ),
    "requires_grad is turned on": (
        """
import torch
a = torch.tensor([[2.0, 3.0], [4.0, 5.0]])
a = (a * 3) / (a - 1)
print(a.requires_grad)
a.requires_grad_(True)
print(a.requires_grad)
b = (a * a).sum()
print(b)
""",
        """
False
True
tensor(86.3125, grad_fn=<SumBackward0>)
""",
    ),
    "a cube at one": (
        """
import torch
x = torch.tensor(1.0, requires_grad=True)
y = x**3
y.backward()
print(y, x.grad)
""",
        """
tensor(1., grad_fn=<PowBackward0>) tensor(3.)
""",
    ),
    "doubling until the norm passes 1000": (
        """
import torch
x = torch.tensor([-0.5, 1.25, 0.75], requires_grad=True)
y = x * 2
while y.data.norm() < 1000:
    y = y * 2
print(y)
gradients = torch.tensor([0.1, 1.0, 0.0001], dtype=torch.float)
y.backward(gradients)
print(x.grad)
""",
        """
tensor([-512., 1280.,  768.], grad_fn=<MulBackward0>)
tensor([1.0240e+02, 1.0240e+03, 1.0240e-01])
""",
    ),
    "no_grad and detach": (
        """
import torch
x = torch.tensor([-0.5, 1.25, 0.75], requires_grad=True)
print(x.requires_grad)
print((x ** 2).requires_grad)
with torch.no_grad():
    print((x ** 2).requires_grad)
y = x.detach()
print(y.requires_grad)
print(x.eq(y).all())
""",
        """
True
True
False
False
tensor(True)
""",
    ),
    "two parameters of a vector": (
        """
import torch
a = torch.tensor([2., 3.], requires_grad=True)
b = torch.tensor([6., 4.], requires_grad=True)
Q = 3*a**3 - b**2
external_grad = torch.tensor([1., 1.])
Q.backward(gradient=external_grad)
print(9*a**2 == a.grad)
print(-2*b == b.grad)
""",
        """
tensor([True, True])
tensor([True, True])
""",
    ),
    "what is left out of the graph": (
        """
import torch
x = torch.rand(5, 5)
y = torch.rand(5, 5)
z = torch.rand((5, 5), requires_grad=True)
a = x + y
print(f"Does `a` require gradients?: {a.requires_grad}")
b = x + z
print(f"Does `b` require gradients?: {b.requires_grad}")
""",
        """
Does `a` require gradients?: False
Does `b` require gradients?: True
""",
    ),
    "a layer and its loss": (
        """
import torch
x = torch.ones(5)
y = torch.zeros(3)
w = torch.full((5, 3), 0.25, requires_grad=True)
b = torch.zeros(3, requires_grad=True)
z = torch.matmul(x, w)+b
loss = torch.nn.functional.binary_cross_entropy_with_logits(z, y)
print(f"Gradient function for z = {z.grad_fn.name()}")
print(f"Gradient function for loss = {loss.grad_fn.name()}")
loss.backward()
print(w.grad)
print(b.grad)
z = torch.matmul(x, w)+b
print(z.requires_grad)
with torch.no_grad():
    z = torch.matmul(x, w)+b
print(z.requires_grad)
z_det = (torch.matmul(x, w)+b).detach()
print(z_det.requires_grad)
""",
        """
Gradient function for z = AddBackward0
Gradient function for loss = BinaryCrossEntropyWithLogitsBackward0
tensor([[0.2591, 0.2591, 0.2591],
        [0.2591, 0.2591, 0.2591],
        [0.2591, 0.2591, 0.2591],
        [0.2591, 0.2591, 0.2591],
        [0.2591, 0.2591, 0.2591]])
tensor([0.2591, 0.2591, 0.2591])
True
False
False
""",
    ),
    "gradients accumulate": (
        """
import torch
inp = torch.eye(4, 5, requires_grad=True)
out = (inp+1).pow(2).t()
out.backward(torch.ones_like(out), retain_graph=True)
print(f"First call\\n{inp.grad}")
out.backward(torch.ones_like(out), retain_graph=True)
print(f"\\nSecond call\\n{inp.grad}")
inp.grad.zero_()
out.backward(torch.ones_like(out), retain_graph=True)
print(f"\\nCall after zeroing gradients\\n{inp.grad}")
""",
        """
First call
tensor([[4., 2., 2., 2., 2.],
        [2., 4., 2., 2., 2.],
        [2., 2., 4., 2., 2.],
        [2., 2., 2., 4., 2.]])

Second call
tensor([[8., 4., 4., 4., 4.],
        [4., 8., 4., 4., 4.],
        [4., 4., 8., 4., 4.],
        [4., 4., 4., 8., 4.]])

Call after zeroing gradients
tensor([[4., 2., 2., 2., 2.],
        [2., 4., 2., 2., 2.],
        [2., 2., 4., 2., 2.],
        [2., 2., 2., 4., 2.]])
""",
    ),
    "twice a dot product": (
        """
import torch
x = torch.arange(4.0)
print(x)
x.requires_grad_(True)
print(x.grad)
y = 2 * torch.dot(x, x)
print(y)
y.backward()
print(x.grad)
print(x.grad == 4 * x)
x.grad.zero_()
y = x.sum()
y.backward()
print(x.grad)
""",
        """
tensor([0., 1., 2., 3.])
None
tensor(28., grad_fn=<MulBackward0>)
tensor([ 0.,  4.,  8., 12.])
tensor([True, True, True, True])
tensor([1., 1., 1., 1.])
""",
    ),
    "backward of a vector": (
        """
import torch
x = torch.arange(4.0, requires_grad=True)
y = x * x
try:
    y.backward()
except RuntimeError as error:
    print(error)
y.backward(gradient=torch.ones(len(y)))
print(x.grad)
try:
    y.backward(gradient=torch.ones(len(y)))
except RuntimeError as error:
    print(str(error)[:56])
""",
        """
grad can be implicitly created only for scalar outputs
tensor([0., 2., 4., 6.])
Trying to backward through the graph a second time (or d
""",
    ),
    "detached computation": (
        """
import torch
x = torch.arange(4.0, requires_grad=True)
y = x * x
u = y.detach()
z = u * x
z.sum().backward()
print(x.grad == u)
x.grad.zero_()
y.sum().backward()
print(x.grad == 2 * x)
""",
        """
tensor([True, True, True, True])
tensor([True, True, True, True])
""",
    ),
    "control flow": (
        """
import torch
def f(a):
    b = a * 2
    while b.norm() < 1000:
        b = b * 2
    if b.sum() > 0:
        c = b
    else:
        c = 100 * b
    return c

for a in (torch.tensor(0.3, requires_grad=True), torch.tensor(-0.3, requires_grad=True)):
    d = f(a)
    d.backward()
    print(a.grad, a.grad == d / a)
""",
        """
tensor(4096.) tensor(True)
tensor(409600.) tensor(True)
""",
    ),
    "a hook": (
        """
import torch
v = torch.tensor([0., 0., 0.], requires_grad=True)
h = v.register_hook(lambda grad: grad * 2)  # double the gradient
v.backward(torch.tensor([1., 2., 3.]))
print(v.grad)
h.remove()
""",
        """
tensor([2., 4., 6.])
""",
    ),
    "a Function of one's own": (
        """
import torch
import math

class LegendrePolynomial3(torch.autograd.Function):
    @staticmethod
    def forward(ctx, input):
        ctx.save_for_backward(input)
        return 0.5 * (5 * input ** 3 - 3 * input)

    @staticmethod
    def backward(ctx, grad_output):
        input, = ctx.saved_tensors
        return grad_output * 1.5 * (5 * input ** 2 - 1)

dtype = torch.float
device = torch.device("cpu")
x = torch.linspace(-math.pi, math.pi, 2000, device=device, dtype=dtype)
y = torch.sin(x)
a = torch.full((), 0.0, device=device, dtype=dtype, requires_grad=True)
b = torch.full((), -1.0, device=device, dtype=dtype, requires_grad=True)
c = torch.full((), 0.0, device=device, dtype=dtype, requires_grad=True)
d = torch.full((), 0.3, device=device, dtype=dtype, requires_grad=True)

learning_rate = 5e-6
for t in range(2000):
    P3 = LegendrePolynomial3.apply
    y_pred = a + b * P3(c + d * x)
    loss = (y_pred - y).pow(2).sum()
    if t % 500 == 499:
        print(t, f"{loss.item():.3f}")
    loss.backward()
    with torch.no_grad():
        a -= learning_rate * a.grad
        b -= learning_rate * b.grad
        c -= learning_rate * c.grad
        d -= learning_rate * d.grad
        a.grad = None
        b.grad = None
        c.grad = None
        d.grad = None
print(f"Result: y = {abs(a.item()):.4f} + {b.item():.4f} * P3({abs(c.item()):.4f} + {d.item():.4f} x)")
""",
        """
499 50.979
999 14.878
1499 9.692
1999 8.944
Result: y = 0.0000 + -2.2085 * P3(0.0000 + 0.2555 x)
""",
    ),
}


@pytest.mark.parametrize("name", SNIPPETS)
def test_a_snippet_prints_what_its_introduction_shows(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    script, printed = SNIPPETS[name]
    monkeypatch.setitem(sys.modules, "torch", gs)  # the text stays as it was written
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(compile(script, name, "exec"), {"__name__": "__main__"})
    assert out.getvalue().strip() == printed.strip()


def test_unmodified_scripts_print_the_same_and_leave_a_sound_tape(tmp_path: Path) -> None:
    shown = {name: pair for name, pair in SNIPPETS.items() if "range(2000)" not in pair[0]}
    (tmp_path / "introduction.py").write_text("\n".join(script for script, _ in shown.values()), encoding="utf-8")
    command = [sys.executable, "-P", "-m", "gradstep", "record", "introduction.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "".join(printed.lstrip() for _, printed in shown.values())
    tape = Tape.open(tmp_path / "introduction.gst")
    assert (tape.complete, tape.verify(), check(tape)) == (True, "", [])
    assert tape.notes[-1].kind == "end"
