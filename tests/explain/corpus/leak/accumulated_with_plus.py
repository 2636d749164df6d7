# expect: leak.accumulated
import torch
from torch import nn

net = nn.Linear(4, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
running = 0.0
for _ in range(8):
    loss = net(torch.randn(4, 4)).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    running = running + loss  #! kept
print(running / 8)
