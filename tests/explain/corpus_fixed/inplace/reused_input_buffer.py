# expect: nothing
# One buffer serves all batches; the losses are summed before backward.
import torch
from torch import nn

net = nn.Linear(4, 1)
data = torch.randn(3, 5, 4)
losses = []
for i in range(3):
    batch = data[i].clone()
    losses.append(net(batch).pow(2).mean())
sum(losses).backward()
