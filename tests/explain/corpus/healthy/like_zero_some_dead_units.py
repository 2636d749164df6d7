# expect: nothing
import torch
from torch import nn

net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
with torch.no_grad():
    net[0].bias[:4] = -100.0  # half of the units are dead, the layer is not
optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
for _ in range(3):
    optimizer.zero_grad()
    loss = (net(torch.randn(16, 4)) - 1).pow(2).mean()
    loss.backward()
    optimizer.step()
