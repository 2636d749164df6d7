# expect: nan.zero-variance
import torch
from torch import nn

net = nn.Sequential(nn.BatchNorm1d(3, eps=0.0), nn.Linear(3, 1)).eval()
net[0].running_var.copy_(torch.tensor([1.0, 0.0, 2.0]))
net[0].running_mean[1] = 5.0
x = torch.randn(4, 3)
x[:, 1] = 5.0
out = net(x)  #! born
out.sum().backward()  #! used
