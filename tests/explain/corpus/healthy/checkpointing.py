# expect: nothing
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

blocks = nn.ModuleList(nn.Sequential(nn.Linear(6, 6), nn.Tanh()) for _ in range(3))
head = nn.Linear(6, 1)
optimizer = torch.optim.SGD([*blocks.parameters(), *head.parameters()], lr=0.1)
for x in torch.randn(2, 4, 6):
    for block in blocks:
        x = checkpoint(block, x, use_reentrant=False)
    loss = head(x).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
