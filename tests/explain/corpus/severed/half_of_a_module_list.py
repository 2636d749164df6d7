# expect: severed.never-used
import torch
from torch import nn


class Stack(nn.Module):
    def __init__(self, depth):
        super().__init__()
        self.blocks = nn.ModuleList(nn.Linear(5, 5) for _ in range(depth))

    def forward(self, x):
        for block in self.blocks[::2]:
            x = torch.tanh(block(x))
        return x


net = Stack(4)
optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3)
loss = net(torch.randn(3, 5)).pow(2).sum()
loss.backward()
optimizer.step()
