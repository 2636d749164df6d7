# expect: nothing
# PyTorch refuses to change one of the views that chunk() makes.
import torch
from torch import nn

gates = nn.Linear(4, 12)
x = torch.randn(2, 4)
update, reset, new = gates(x).chunk(3, dim=1)
update = update.sigmoid()
reset = reset.sigmoid()
h = (1 - update) * torch.tanh(new) + update * reset
h.sum().backward()
