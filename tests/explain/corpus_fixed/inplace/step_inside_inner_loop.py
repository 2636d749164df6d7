# expect: nothing
# Two losses of one forward; the weights are stepped after the first.
import torch
from torch import nn

net = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 2))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
x = torch.randn(5, 4)
targets = [torch.randn(5), torch.randn(5)]
for column, target in enumerate(targets):
    out = net(x)
    loss = (out[:, column] - target).pow(2).mean()
    optimizer.zero_grad()
    loss.backward(retain_graph=True)
    optimizer.step()
