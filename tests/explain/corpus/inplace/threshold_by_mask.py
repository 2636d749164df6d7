# expect: inplace.index-assignment
import torch
from torch import nn

net = nn.Linear(4, 6)
probs = torch.sigmoid(net(torch.randn(3, 4)))  #! saved
probs[probs < 0.5] = 0  #! changed
loss = (1 - probs).mean()
loss.backward()  #! used
