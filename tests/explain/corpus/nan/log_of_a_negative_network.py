# expect: nan.log-negative
import torch
from torch import nn

net = nn.Linear(3, 1)
with torch.no_grad():
    net.bias.fill_(-10.0)
rate = net(torch.rand(4, 3))
loss = -torch.log(rate).mean()  #! born
loss.backward()  #! used
