# expect: nan.zero-by-zero
# element: []
# operands: 0 0
import torch
from torch import nn

net = nn.Linear(4, 1)
mask = torch.zeros(5)
errors = (net(torch.randn(5, 4)).squeeze(1) - 1.0).pow(2)
loss = (errors * mask).sum() / mask.sum()  #! born
loss.backward()  #! used
