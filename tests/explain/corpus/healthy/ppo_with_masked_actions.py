# expect: nothing
import torch
from torch import nn
from torch.distributions import Categorical

torch.manual_seed(0)
body = nn.Sequential(nn.Linear(5, 16), nn.Tanh())
pi, v = nn.Linear(16, 4), nn.Linear(16, 1)
opt = torch.optim.Adam([*body.parameters(), *pi.parameters(), *v.parameters()], lr=1e-3)
obs = torch.randn(12, 5)
legal = torch.rand(12, 4) > 0.3
legal[:, 0] = True
with torch.no_grad():
    dist = Categorical(logits=pi(body(obs)).masked_fill(~legal, float("-inf")))
    act = dist.sample()
    old = dist.log_prob(act)
ret = torch.randn(12)
for _ in range(3):
    h = body(obs)
    dist = Categorical(logits=pi(h).masked_fill(~legal, -1e9))
    ratio = (dist.log_prob(act) - old).exp()
    value = v(h).squeeze(-1)
    adv = (ret - value).detach()
    loss = -torch.min(ratio * adv, ratio.clamp(0.8, 1.2) * adv).mean() + 0.5 * (ret - value).pow(2).mean() - 0.01 * dist.entropy().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
