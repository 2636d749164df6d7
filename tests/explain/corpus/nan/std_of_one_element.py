# expect: nan.too-few
import torch
from torch import nn

net = nn.Linear(3, 1)
batch = torch.randn(1, 3)
out = net(batch)
normal = (out - out.mean(0)) / (out.std(0) + 1e-6)  #! born
loss = normal.pow(2).mean()
loss.backward()  #! used
