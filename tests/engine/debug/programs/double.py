"""Gradients of gradients: a penalty on the norm, a Hessian's product, passes over a graph that was kept."""

import torch

torch.manual_seed(0)
w = torch.randn(4, 3, requires_grad=True)
x = torch.randn(5, 4, requires_grad=True)
out = (x @ w).tanh().pow(2).sum()
(g,) = torch.autograd.grad(out, x, create_graph=True)
(out + (g.norm() - 1) ** 2).backward(retain_graph=True)
h = torch.autograd.grad(g.sum(), [w, x], retain_graph=True, allow_unused=True)
torch.autograd.grad((x @ w).exp().sum(), [w], create_graph=True)[0].sum().backward()
first = (w * 3).sin()
torch.autograd.grad(first.sum(), [first, w])
y = (w * w).sum()
y.backward(create_graph=True, inputs=[w])
w.grad.pow(2).sum().backward()
