# expect: leak.accumulated
import torch
from torch import nn

net = nn.Linear(4, 1)
optimizer = torch.optim.Adam(net.parameters())
average = torch.zeros(())
for _ in range(8):
    loss = net(torch.randn(4, 4)).abs().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    average = 0.9 * average + 0.1 * loss  #! kept
print(average)
