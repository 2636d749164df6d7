"""Example 10: four ranks, one poisoned.

Four workers train one model, each on a part of every batch; their gradients are averaged. Here one script plays all four: each
calls backward() for its own shard, and the shared .grad sums up what they bring. In step 1 the average is NaN, in every weight.

What to find: which of the four brought it? Tools > Ranks puts the passes of each step side by side, and names the one that stands
out. Select an AccumulateGrad and look at "Contributions": a line for each rank, with the line of the script that called
backward(). F8 goes to where the NaN was made. What is special about that rank's batch, and what is said after the end?
"""

import torch
from torch import nn

torch.manual_seed(0)

RANKS = 4
model = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
lengths = torch.tensor([[5, 8, 6, 7], [8, 4, 0, 5], [6, 7, 8, 3]])  # of what each rank reads in each step; the rest is padding


def batch(step, rank):
    """A padded batch, and which of its rows are real."""
    x = torch.randn(8, 3)
    real = (torch.arange(8) < lengths[step, rank]).float()
    return x, x.sin().sum(dim=1), real


def share(step, rank):
    """A rank's share of the average: the mean error over the rows that are real."""
    x, y, real = batch(step, rank)
    error = (model(x).squeeze(1) - y) ** 2
    return (error * real).sum() / real.sum() / RANKS


for step in range(len(lengths)):
    optimizer.zero_grad()
    share(step, 0).backward()
    share(step, 1).backward()
    share(step, 2).backward()
    share(step, 3).backward()
    optimizer.step()
    print(f"step {step}: norm of the averaged gradient {model[0].weight.grad.norm().item():.4f}")
