# expect: nothing
import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(1)
net = nn.Linear(6, 6)
h = net(torch.randn(4, 6)).tanh()
h = F.dropout(h, 0.3, training=True)
h.sum().backward()
