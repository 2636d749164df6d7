# expect: nothing
import torch
from torch import nn

fc = nn.Linear(5, 5)
h = fc(torch.randn(3, 5))
h -= h.mean(dim=-1, keepdim=True)
h = h / (h.std(dim=-1, keepdim=True) + 1e-5)
loss = (h * torch.randn(3, 5)).sum()
loss.backward()
