# expect: hook.shape
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(6, 4), nn.Tanh(), nn.Linear(4, 1))


def clip_rows(grad):  #! hook
    return grad.norm(dim=1).clamp(max=1.0)


for _ in range(2):
    h = model[1](model[0](torch.randn(5, 6)))
    h.register_hook(clip_rows)
    loss = model[2](h).mean()
    loss.backward()  #! used
