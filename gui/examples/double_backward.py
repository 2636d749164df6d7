"""Example 8: a gradient of a gradient.

A critic is held to slopes of about one: the penalty is made of its own gradient, and backward() runs through that gradient.

What to find: the first pass (create_graph=True) makes nodes of its own, which the second one runs through. Draw forward and backward
together (View), and follow the second pass from the penalty to the weights. Which weights get no gradient from the penalty?
"""

import torch
from torch import nn

torch.manual_seed(0)

critic = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
x = torch.randn(4, 2, requires_grad=True)

(slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
penalty = ((slope.norm(dim=1) - 1) ** 2).mean()
penalty.backward()

for name, parameter in critic.named_parameters():
    print(name, None if parameter.grad is None else parameter.grad.norm())
