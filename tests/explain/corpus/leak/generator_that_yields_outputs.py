# expect: leak.collected
import torch
from torch import nn

net = nn.Linear(3, 2)
optimizer = torch.optim.SGD(net.parameters(), lr=0.01)


def epoch(steps):
    for _ in range(steps):
        out = net(torch.randn(4, 3))  #! kept
        loss = out.logsumexp(-1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        yield out


outputs = list(epoch(3))
for out in epoch(8):
    outputs.append(out)
