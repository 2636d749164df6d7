# expect: nan.seed
import torch
from torch import nn

net = nn.Linear(3, 2)
out = net(torch.randn(4, 3))
weights = torch.tensor([[0.0, 1.0]] * 4)
out.backward(weights / weights.sum(0))  #! used
