# expect: freed.same-loss
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

block = nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 4))
x = torch.randn(2, 4)
loss = checkpoint(block, x, use_reentrant=False).pow(2).sum()
loss.backward()  #! freed
loss.backward()  #! used
