# expect: nothing
import torch
from torch import nn

base = nn.Linear(4, 4)
base.requires_grad_(False)
down, up = nn.Parameter(torch.randn(2, 4)), nn.Parameter(torch.zeros(4, 2))  # as in low-rank adapters
optimizer = torch.optim.SGD([down, up], lr=0.1)
for _ in range(4):
    x = torch.randn(3, 4)
    optimizer.zero_grad()
    loss = (base(x) + x @ down.t() @ up.t() - 1).pow(2).mean()
    loss.backward()
    optimizer.step()
