# expect: nan.overflow
import torch
from torch import nn

net = nn.Linear(2, 2).half()
with torch.no_grad():
    net.weight.fill_(150.0)
h = net(torch.ones(1, 2, dtype=torch.float16))
power = h.pow(2)  #! born
loss = power.mean()
loss.backward()  #! used
