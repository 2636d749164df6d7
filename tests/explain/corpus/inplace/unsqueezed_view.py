# expect: inplace.saved-output
import torch
from torch import nn

net = nn.Linear(3, 3)
y = torch.tanh(net(torch.randn(2, 3)))  #! saved
channel = y.unsqueeze(1).transpose(0, 1)
channel.neg_()  #! changed
y.pow(3).sum().backward()  #! used
