# expect: nothing
import torch
from torch import nn

rows = torch.randn(6, 3)
rows[2, 1] = float("nan")
known = ~torch.isnan(rows)
net = nn.Linear(3, 3)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
filled = torch.nan_to_num(rows, nan=0.0)
error = torch.where(known, net(filled) - filled, torch.zeros_like(filled))
loss = error.pow(2).sum() / known.sum()
loss.backward()
optimizer.step()
