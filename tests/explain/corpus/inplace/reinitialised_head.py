# expect: inplace.no-grad-update
import torch
from torch import nn

net = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2))
out = net(torch.randn(4, 3))  #! saved
nn.init.xavier_uniform_(net[2].weight)  #! changed
out.sum().backward()  #! used
