# expect: leak.collected
import torch
from torch import nn

net = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
losses = []
for _ in range(6):
    optimizer.zero_grad()
    loss = net(torch.randn(8, 4)).pow(2).mean()  #! kept
    loss.backward()
    optimizer.step()
    losses.append(loss)
print(sum(losses) / len(losses))
