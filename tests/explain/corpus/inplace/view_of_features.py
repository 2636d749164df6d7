# expect: inplace.saved-input
import torch
from torch import nn

net = nn.Linear(4, 6)
features = net(torch.randn(2, 4))
energy = features.pow(2).sum()  #! saved
left = features[:, :3]
left *= 0.5  #! changed
loss = energy + left.sum()
loss.backward()  #! used
