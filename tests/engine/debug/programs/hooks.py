"""Hooks of every kind; some change what passes, some keep it."""

import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2))
model[0].register_full_backward_hook(lambda m, i, o: None)
model[2].register_full_backward_hook(lambda m, i, o: (i[0] * 0.5,))
model[2].register_full_backward_pre_hook(lambda m, o: None)
x = torch.randn(3, 4, requires_grad=True)
x.register_hook(lambda g: g * 2)
y = x * 3
y.retain_grad()
y.register_hook(lambda g: g + torch.randn(()))
y.register_hook(lambda g: None)
y.grad_fn.register_prehook(lambda gs: (gs[0] * 1.5,))
y.grad_fn.register_hook(lambda ins, outs: (ins[0] + 1, *ins[1:]))
model[0].weight.register_post_accumulate_grad_hook(lambda p: (p.grad.mul_(0.1), None)[1])
model[2].bias.register_post_accumulate_grad_hook(lambda p: None)
for _ in range(2):
    model(y).sum().backward(retain_graph=True)
