# expect: nothing
# detach() shares its memory with the tensor that it was taken from.
import torch
from torch import nn

net = nn.Linear(4, 4)
h = torch.sigmoid(net(torch.randn(2, 4)))
noisy = h.detach().clone()
noisy.add_(0.1 * torch.randn(2, 4))
loss = (h - noisy).pow(2).mean()
loss.backward()
