# expect: leak.accumulated
import torch
from torch import nn


class Average:
    def __init__(self):
        self.total = 0.0
        self.count = 0

    def update(self, value):
        self.total += value  #! kept
        self.count += 1


net = nn.Linear(4, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
metric = Average()
for _ in range(8):
    loss = (net(torch.randn(4, 4)) - 1).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    metric.update(loss)
