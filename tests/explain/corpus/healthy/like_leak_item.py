# expect: nothing
import torch
from torch import nn

net = nn.Linear(4, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
total, history = 0.0, []
for _ in range(8):
    loss = net(torch.randn(4, 4)).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    total += loss.item()
    history.append(loss.detach())
print(total, torch.stack(history).mean())
