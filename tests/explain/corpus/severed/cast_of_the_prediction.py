# expect: severed.loss-cast
import torch
from torch import nn

net = nn.Linear(4, 1)
target = torch.randint(0, 2, (6, 1))
prediction = torch.sigmoid(net(torch.randn(6, 4))).int()  #! cut
loss = (prediction - target).abs().float().mean()
loss.backward()  #! used
