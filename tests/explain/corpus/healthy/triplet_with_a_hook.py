# expect: nothing
import torch
from torch import nn

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(3, 8), nn.ELU(), nn.Linear(8, 4))
grads = {}
net[0].weight.register_hook(lambda g: grads.setdefault("first", g.norm().item()) and None)
opt = torch.optim.RMSprop(net.parameters(), lr=1e-3)
for _ in range(3):
    a, p, n = torch.randn(3, 6, 3).unbind(0)
    za, zp, zn = map(net, (a, p, n))
    loss = nn.functional.triplet_margin_loss(za, zp, zn, margin=0.5) + 1e-3 * sum(q.pow(2).sum() for q in net.parameters())
    opt.zero_grad()
    loss.backward()
    opt.step()
