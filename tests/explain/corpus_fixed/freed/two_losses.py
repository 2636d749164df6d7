# expect: nothing
import torch
import torch.nn.functional as F
from torch import nn

net = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))
x, y = torch.randn(5, 4), torch.randint(0, 3, (5,))
logits = net(x)
classification = F.cross_entropy(logits, y)
sparsity = logits.abs().mean()
(classification + sparsity).backward()
