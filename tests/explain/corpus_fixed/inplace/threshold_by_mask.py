# expect: nothing
import torch
from torch import nn

net = nn.Linear(4, 6)
probs = torch.sigmoid(net(torch.randn(3, 4)))
probs = torch.where(probs < 0.5, torch.zeros_like(probs), probs)
loss = (1 - probs).mean()
loss.backward()
