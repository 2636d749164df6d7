# expect: nothing
import torch
from torch import nn

net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
norms = []
net[0].weight.register_hook(lambda g: norms.append(g.norm().item()))
features = {}
net[1].register_forward_hook(lambda module, args, out: features.update(relu=out.detach()))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, nesterov=True)
for x in torch.randn(3, 5, 4):
    loss = net(x).pow(2).mean() + 1e-3 * torch.linalg.matrix_norm(net[2].weight, 2)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
