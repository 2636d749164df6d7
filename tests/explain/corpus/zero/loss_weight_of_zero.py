# expect: zero.times-zero
import torch
from torch import nn

net, extra = nn.Linear(4, 2), nn.Linear(4, 2)
optimizer = torch.optim.SGD([*net.parameters(), *extra.parameters()], lr=0.1)
step, warmup = 0, 100
x = torch.randn(3, 4)
reconstruction = net(x).pow(2).mean()
divergence = extra(x).pow(2).mean()
loss = reconstruction + step / warmup * divergence  #! zero
loss.backward()
optimizer.step()
