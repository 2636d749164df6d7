# expect: inplace.shared-memory
# detach() shares its memory with the tensor that it was taken from.
import torch
from torch import nn

net = nn.Linear(4, 4)
h = torch.sigmoid(net(torch.randn(2, 4)))  #! saved
noisy = h.detach()
noisy.add_(0.1 * torch.randn(2, 4))  #! changed
loss = (h - noisy).pow(2).mean()
loss.backward()  #! used
