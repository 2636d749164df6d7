import torch
from torch import nn, optim

torch.manual_seed(1)
encoder = nn.Sequential(nn.Linear(4, 8), nn.ReLU())
head_a, head_b = nn.Linear(8, 1), nn.Linear(8, 3)
opt_a = optim.SGD([*encoder.parameters(), *head_a.parameters()], lr=0.05)
opt_b = optim.SGD(head_b.parameters(), lr=0.05)


def losses(x, y):
    z = encoder(x)
    return (head_a(z) - 1).pow(2).mean(), nn.functional.cross_entropy(head_b(z), y)


for _ in range(2):
    x, y = torch.randn(6, 4), torch.randint(3, (6,))
    regression, classification = losses(x, y)
    opt_a.zero_grad()
    opt_b.zero_grad()
    (regression + classification).backward()
    opt_a.step()
    opt_b.step()
