# expect: inplace.no-grad-view
import torch
from torch import nn

net = nn.Linear(3, 4)
canvas = torch.zeros(2, 4)
with torch.no_grad():
    top = canvas[0]  #! made
top += net(torch.randn(3))  #! changed
canvas.pow(2).sum().backward()
