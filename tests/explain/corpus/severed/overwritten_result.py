# expect: severed.not-in-loss
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = nn.Linear(4, 4)
        self.two = nn.Linear(4, 4)

    def forward(self, x):
        h = torch.relu(self.one(x))  #! ends
        h = torch.relu(self.two(x))  # should take h
        return h


net = Net()
optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
net(torch.randn(2, 4)).sum().backward()
optimizer.step()
