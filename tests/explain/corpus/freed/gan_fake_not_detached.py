# expect: freed.shared-forward
import torch
import torch.nn.functional as F
from torch import nn

G, D = nn.Sequential(nn.Linear(2, 6), nn.Tanh(), nn.Linear(6, 3)), nn.Sequential(nn.Linear(3, 6), nn.Tanh(), nn.Linear(6, 1))
opt_g, opt_d = torch.optim.SGD(G.parameters(), lr=0.1), torch.optim.SGD(D.parameters(), lr=0.1)
for real in torch.randn(2, 4, 3):
    fake = G(torch.randn(4, 2))  #! ties
    d_loss = F.softplus(-D(real)).mean() + F.softplus(D(fake)).mean()
    opt_d.zero_grad()
    d_loss.backward()  #! freed
    opt_d.step()
    g_loss = F.softplus(-D(fake)).mean()  #! reused
    opt_g.zero_grad()
    g_loss.backward()  #! used
    opt_g.step()
