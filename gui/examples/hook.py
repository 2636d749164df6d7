"""Example 3: a hook that changes a gradient.

The loss hardly falls, although the learning rate is sensible. Somebody left a hook in the model that was meant to watch
the gradients only.

What to find: the panel "Hooks" lists each hook in the order in which it fires, with the gradient before
and after. Which of the three hooks returns something else than it was given, and how much smaller is it?
"""

import torch
from torch import nn

torch.manual_seed(0)

norms = []


def watch(grad):
    """Remember how large the gradient was."""
    norms.append(float(grad.norm()))


def guard(grad):
    """Keep rare huge values out."""
    return grad.clamp(-1e-3, 1e-3)


def report(parameter):
    """Called when the gradient of a parameter is complete."""
    norms.append(float(parameter.grad.norm()))


model = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
x = torch.randn(16, 3)
y = x.sum(dim=1, keepdim=True).sin()

for step in range(3):
    optimizer.zero_grad()
    hidden = model[1](model[0](x))
    hidden.register_hook(watch)
    hidden.register_hook(guard)
    handle = model[0].weight.register_post_accumulate_grad_hook(report)
    loss = nn.functional.mse_loss(model[2](hidden), y)
    loss.backward()
    handle.remove()
    optimizer.step()
    print(f"step {step}: loss {loss.item():.4f}")
