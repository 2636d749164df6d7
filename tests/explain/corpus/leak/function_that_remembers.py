# expect: leak.closure
import torch
from torch import nn


def meter():
    seen = []

    def add(value):
        seen.append(value)
        return len(seen)

    return add


net = nn.Linear(3, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
count = meter()
for _ in range(8):
    loss = net(torch.randn(4, 3)).pow(2).mean()  #! kept
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    count(loss)
