# expect: nan.masked-label
import torch
from torch import nn

net = nn.Linear(3, 4)
allowed = torch.tensor([True, True, False, True])
logits = net(torch.randn(2, 3)).masked_fill(~allowed, float("-inf"))
loss = nn.functional.cross_entropy(logits, torch.tensor([0, 2]))  #! born
loss.backward()  #! used
