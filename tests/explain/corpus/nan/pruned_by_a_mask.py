# expect: nan.zero-times-inf
import torch
from torch import nn

net = nn.Linear(3, 1)
x = torch.tensor([[1.0, 2.0, float("inf")]])
mask = torch.tensor([[1.0, 1.0, 0.0]])
out = net(x * mask)  #! born
loss = out.sum()
loss.backward()  #! used
