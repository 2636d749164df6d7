# expect: nothing
import torch
from torch import nn

net = nn.Linear(3, 1)
x, y = torch.randn(5, 3), torch.randn(5, 1)
loss = nn.functional.mse_loss(net(x), y)
loss.backward()
print(net.weight.grad)
nn.functional.mse_loss(net(x), y).backward()
