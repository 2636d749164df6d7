# expect: zero.times-zero
import torch
from torch import nn


class Adapter(nn.Module):
    def __init__(self, width, rank):
        super().__init__()
        self.down = nn.Parameter(torch.zeros(rank, width))
        self.up = nn.Parameter(torch.zeros(width, rank))
        self.base = nn.Linear(width, width)

    def forward(self, x):
        return self.base(x) + x @ self.down.t() @ self.up.t()  #! zero


net = Adapter(4, 2)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(2):
    optimizer.zero_grad()
    (net(torch.randn(3, 4)) - 1).pow(2).mean().backward()
    optimizer.step()
