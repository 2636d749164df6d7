# expect: nothing
import torch
from torch import nn

net = nn.Sequential(nn.Linear(6, 12), nn.ReLU(), nn.Linear(12, 2))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for images in torch.rand(3, 4, 6):
    labels = torch.randint(0, 2, (4,))
    delta = torch.zeros_like(images, requires_grad=True)
    for _ in range(2):
        attack = nn.functional.cross_entropy(net(images + delta), labels)
        (grad,) = torch.autograd.grad(attack, delta)
        with torch.no_grad():
            delta += 0.05 * grad.sign()
            delta.clamp_(-0.1, 0.1)
    loss = nn.functional.cross_entropy(net(images + delta.detach()), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
