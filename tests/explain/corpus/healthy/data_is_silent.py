# expect: nothing
# .data has a version of its own: autograd does not notice, and neither must we. The values here are not needed again.
import torch
from torch import nn

net = nn.Linear(3, 3)
for x in torch.randn(3, 4, 3):
    out = net(x)
    loss = out.pow(2).mean()
    loss.backward()
    for p in net.parameters():
        p.data -= 0.1 * p.grad
        p.grad.data.zero_()
    out.data.clamp_(-1, 1)
