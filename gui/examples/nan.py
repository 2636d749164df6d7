"""Example 1: find the NaN.

A tiny network learns embeddings: points of one class shall lie close together. The loss is an ordinary number, and yet after
backward() every weight has a gradient of NaN.

What to find: step through backward (F10) until the first gradient turns NaN. Which node made it, out of which saved value,
and which line of this file asked for it?
"""

import torch
from torch import nn

torch.manual_seed(0)


class Embedding(nn.Module):
    """Two linear layers that map points to a plane."""

    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(4, 8)
        self.out = nn.Linear(8, 2)

    def forward(self, x):
        return self.out(torch.tanh(self.hidden(x)))


def contrastive_loss(points, labels):
    """Mean distance between points of the same class; a point has no distance to itself."""
    difference = points.unsqueeze(1) - points.unsqueeze(0)
    distance = difference.pow(2).sum(dim=2).sqrt()
    same = (labels.unsqueeze(1) == labels.unsqueeze(0)).float()
    others = same * (1 - torch.eye(len(labels)))  # leaves out each point's distance to itself
    return (distance * others).sum() / others.sum()


model = Embedding()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
x = torch.randn(6, 4)
labels = torch.tensor([0, 0, 1, 1, 2, 2])

for step in range(2):
    optimizer.zero_grad()
    loss = contrastive_loss(model(x), labels)
    print(f"step {step}: loss {loss.item():.4f}")
    loss.backward()
    print("gradient of out.bias:", model.out.bias.grad)
    optimizer.step()
