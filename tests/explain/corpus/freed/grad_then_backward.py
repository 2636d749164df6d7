# expect: freed.same-loss
import torch
from torch import nn

net = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 1))
x = torch.randn(4, 3, requires_grad=True)
loss = net(x).pow(2).mean()
(saliency,) = torch.autograd.grad(loss, x)  #! freed
print(saliency.abs().sum())
loss.backward()  #! used
