# expect: inplace.buffer
# Running statistics are blended by hand while an evaluation graph still needs them.
import torch
from torch import nn

net = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6))
net.train()
net(torch.randn(16, 4))
net.eval()
x = torch.randn(3, 4, requires_grad=True)
loss = net(x).pow(2).sum()  #! saved
statistics = torch.randn(16, 6)
with torch.no_grad():
    net[1].running_mean.lerp_(statistics.mean(0), 0.1)  #! changed
loss.backward()  #! used
