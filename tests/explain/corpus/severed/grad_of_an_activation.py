# expect: severed.non-leaf
import torch
from torch import nn

net = nn.Linear(3, 4)
head = nn.Linear(4, 1)
x = torch.randn(2, 3)
hidden = torch.tanh(net(x))  #! made
loss = head(hidden).sum()
loss.backward()
print(hidden.grad)  #! used
