"""Weights that are used many times, gradients that add up over passes, half precision, layouts that are no longer C order."""

import torch
from torch import nn

torch.manual_seed(0)
w = torch.randn(6, 6, requires_grad=True)
h = torch.randn(3, 6)
for step in range(3):
    h = torch.tanh(h @ (w if step % 2 else w.t())) + h.flip(1)
    h.sum().backward(retain_graph=True)
z = (h.t().contiguous().t() * w[:3]).sum(0) + (w.permute(1, 0) * 2).exp().sum(1) + w.t().relu().mean(0) + w[:, ::2].logsumexp(1)
z.mean().backward()
half = nn.Linear(6, 3).bfloat16()
out = half(torch.randn(2, 6, dtype=torch.bfloat16))
out.float().pow(2).sum().backward()
with torch.autocast("cpu", dtype=torch.bfloat16):
    nn.Linear(6, 2)(torch.randn(2, 6)).sum().backward()
