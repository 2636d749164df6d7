# expect: nothing
import torch
from torch import nn

net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
data, accumulate = torch.randn(8, 3, 4), 4
optimizer.zero_grad()
for i, x in enumerate(data):
    loss = (net(x) - x.sum(1, keepdim=True)).pow(2).mean() / accumulate
    loss.backward()
    if (i + 1) % accumulate == 0:
        optimizer.step()
        optimizer.zero_grad()
