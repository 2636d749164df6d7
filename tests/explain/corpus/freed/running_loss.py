# expect: freed.carried-state
import torch
from torch import nn

net = nn.Linear(4, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
average = 0.0
for x, y in zip(torch.randn(3, 5, 4), torch.randn(3, 5, 1), strict=False):
    loss = (net(x) - y).pow(2).mean()
    average = 0.9 * average + 0.1 * loss  #! ties #! reused
    optimizer.zero_grad()
    average.backward()  #! freed #! used
    optimizer.step()
