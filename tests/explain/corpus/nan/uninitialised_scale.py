# expect: nan.infinite-operand
import torch
from torch import nn

net = nn.Linear(2, 2)
with torch.no_grad():
    net.weight.div_(net.weight.sum() * 0)  #! overflow
loss = net(torch.ones(1, 2)).sum()  #! born
loss.backward()  #! used
