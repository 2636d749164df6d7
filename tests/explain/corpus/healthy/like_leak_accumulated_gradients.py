# expect: nothing
import torch
from torch import nn

net = nn.Linear(4, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
for _ in range(3):
    optimizer.zero_grad()
    losses = []
    for _ in range(4):
        loss = net(torch.randn(2, 4)).pow(2).mean() / 4
        loss.backward()
        losses.append(loss.item())
    nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    optimizer.step()
