# expect: severed.numpy
import numpy as np
import torch
from torch import nn

net = nn.Linear(4, 4)
head = nn.Linear(4, 1)
optimizer = torch.optim.SGD([*net.parameters(), *head.parameters()], lr=0.1)
h = net(torch.randn(6, 4))
smooth = np.maximum(h.detach().numpy(), 0.0)  #! cut
h = torch.from_numpy(smooth)
loss = head(h).pow(2).mean()
loss.backward()
optimizer.step()
