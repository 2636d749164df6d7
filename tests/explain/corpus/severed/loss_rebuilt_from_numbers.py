# expect: severed.item
import torch
from torch import nn

net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
data = [(torch.randn(1, 3), torch.randn(1, 1)) for _ in range(4)]
total = 0.0
for x, y in data:
    error = (net(x) - y).pow(2).sum()
    total += error.item()  #! cut
loss = torch.tensor(total / len(data), requires_grad=True)
optimizer.zero_grad()
loss.backward()
optimizer.step()
