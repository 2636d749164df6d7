# expect: nothing
import torch
from torch import nn

blocks = nn.ModuleList(nn.Linear(4, 4) for _ in range(3))
optimizer = torch.optim.Adam(blocks.parameters())
for step in range(6):
    x = torch.randn(2, 4)
    for i, block in enumerate(blocks):
        if i != step % 3:  # each is left out now and then
            x = x + torch.tanh(block(x))
    optimizer.zero_grad()
    x.pow(2).mean().backward()
    optimizer.step()
