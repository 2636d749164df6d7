# expect: nothing
import torch
from torch import nn

net = nn.Sequential(nn.Linear(5, 16), nn.SiLU(), nn.Linear(16, 4))
optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3)
betas = torch.linspace(1e-4, 0.02, 10)
alphas = torch.cumprod(1 - betas, 0)
for x in torch.randn(3, 8, 4):
    t = torch.randint(0, 10, (8,))
    noise = torch.randn_like(x)
    a = alphas[t].unsqueeze(1)
    noisy = a.sqrt() * x + (1 - a).sqrt() * noise
    predicted = net(torch.cat([noisy, t.unsqueeze(1) / 10], 1))
    loss = nn.functional.mse_loss(predicted, noise)
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    optimizer.step()
