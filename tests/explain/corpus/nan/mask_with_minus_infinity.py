# expect: nan.zero-times-inf
import torch
from torch import nn

scores = nn.Linear(4, 4)
allowed = torch.tril(torch.ones(4, 4))
bias = (1 - allowed) * float("-inf")  #! born
weights = torch.softmax(scores(torch.randn(4, 4)) + bias, dim=-1)
loss = weights.pow(2).sum()
loss.backward()  #! used
