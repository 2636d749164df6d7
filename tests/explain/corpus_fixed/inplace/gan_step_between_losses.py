# expect: nothing
import torch
import torch.nn as nn
import torch.nn.functional as F

G = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 3))
D = nn.Sequential(nn.Linear(3, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))
opt_g = torch.optim.Adam(G.parameters(), lr=1e-3)
opt_d = torch.optim.Adam(D.parameters(), lr=1e-3)
ones, zeros = torch.ones(4, 1), torch.zeros(4, 1)

for real in torch.randn(3, 4, 3):
    fake = G(torch.randn(4, 2))
    score_real, score_fake = D(real), D(fake.detach())
    d_loss = F.binary_cross_entropy_with_logits(score_real, ones) + F.binary_cross_entropy_with_logits(score_fake, zeros)

    opt_d.zero_grad()
    d_loss.backward()
    opt_d.step()

    g_loss = F.binary_cross_entropy_with_logits(D(fake), ones)
    opt_g.zero_grad()
    g_loss.backward()
    opt_g.step()
