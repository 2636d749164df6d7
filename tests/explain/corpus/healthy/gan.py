# expect: nothing
import torch
import torch.nn.functional as F
from torch import nn

G = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 3))
D = nn.Sequential(nn.Linear(3, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))
opt_g, opt_d = torch.optim.Adam(G.parameters(), lr=1e-3), torch.optim.Adam(D.parameters(), lr=1e-3)
for real in torch.randn(4, 6, 3):
    fake = G(torch.randn(6, 2))
    d_loss = F.binary_cross_entropy_with_logits(D(real), torch.ones(6, 1))
    d_loss = d_loss + F.binary_cross_entropy_with_logits(D(fake.detach()), torch.zeros(6, 1))
    opt_d.zero_grad()
    d_loss.backward()
    opt_d.step()
    g_loss = F.binary_cross_entropy_with_logits(D(fake), torch.ones(6, 1))
    opt_g.zero_grad()
    g_loss.backward()
    opt_g.step()
