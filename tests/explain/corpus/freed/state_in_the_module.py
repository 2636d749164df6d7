# expect: freed.carried-state
import torch
from torch import nn


class Memory(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.update = nn.Linear(width, width)
        self.memory = torch.zeros(1, width)

    def forward(self, x):
        mixed = self.update(x) + self.memory  #! reused
        self.memory = torch.tanh(mixed)  #! ties
        return self.memory


net = Memory(4)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for x in torch.randn(3, 1, 4):
    optimizer.zero_grad()
    net(x).sum().backward()  #! freed #! used
    optimizer.step()
