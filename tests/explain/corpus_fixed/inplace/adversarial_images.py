# expect: nothing
# The attack steps on the images themselves, which require grad.
import torch
from torch import nn

net = nn.Linear(6, 2)
images = torch.rand(3, 6).requires_grad_()
for _ in range(2):
    loss = nn.functional.cross_entropy(net(images), torch.tensor([0, 1, 0]))
    loss.backward()
    with torch.no_grad():
        images += 0.01 * images.grad.sign()
        images.clamp_(0, 1)
