# expect: severed.loss-numpy
import numpy as np
import torch
from torch import nn

net = nn.Linear(2, 1)
x, y = torch.randn(5, 2), np.zeros((5, 1), dtype=np.float32)
prediction = net(x).cpu().data.numpy()  #! cut
loss = torch.tensor(np.mean((prediction - y) ** 2))
loss.backward()  #! used
