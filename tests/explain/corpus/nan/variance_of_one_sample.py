# expect: nan.too-few
import torch
from torch import nn

net = nn.Linear(3, 2)
loss = net(torch.randn(1, 3)).var(dim=0).sum()  #! born
loss.backward()  #! used
