# expect: freed.computed-once
import torch
from torch import nn

net = nn.Linear(4, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
penalty = sum(p.pow(2).sum() for p in net.parameters())  #! ties
for x, y in zip(torch.randn(3, 8, 4), torch.randn(3, 8, 1), strict=False):
    loss = (net(x) - y).pow(2).mean() + 1e-3 * penalty  #! reused
    optimizer.zero_grad()
    loss.backward()  #! freed #! used
    optimizer.step()
