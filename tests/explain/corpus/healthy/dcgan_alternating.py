# expect: nothing
import torch
import torch.nn as nn

torch.manual_seed(0)
G = nn.Sequential(nn.Linear(4, 16), nn.BatchNorm1d(16), nn.ReLU(True), nn.Linear(16, 2), nn.Tanh())
D = nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(0.2, inplace=True), nn.Dropout(0.3), nn.Linear(16, 1))
bce = nn.BCEWithLogitsLoss()
og, od = (torch.optim.Adam(m.parameters(), lr=2e-4, betas=(0.5, 0.999)) for m in (G, D))
for _ in range(3):
    real = torch.randn(8, 2)
    D.zero_grad()
    err_real = bce(D(real), torch.ones(8, 1))
    err_real.backward()
    fake = G(torch.randn(8, 4))
    err_fake = bce(D(fake.detach()), torch.zeros(8, 1))
    err_fake.backward()
    od.step()
    G.zero_grad()
    bce(D(fake), torch.ones(8, 1)).backward()
    og.step()
