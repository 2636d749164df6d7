# expect: severed.numpy
import torch
from torch import nn


def features(net, x):
    out = net(x)
    return out.detach().cpu().numpy()  #! cut


net, head = nn.Linear(4, 3), nn.Linear(3, 1)
optimizer = torch.optim.SGD([*net.parameters(), *head.parameters()], lr=0.1)
f = torch.as_tensor(features(net, torch.randn(5, 4)))
loss = head(f).pow(2).mean()
loss.backward()
optimizer.step()
