# expect: nothing
from collections import deque

import torch
from torch import nn

net = nn.Linear(4, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
recent = deque(maxlen=2)
for _ in range(12):
    loss = net(torch.randn(4, 4)).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    recent.append(loss)
print(sum(float(x) for x in recent))
