"""Ops with several outputs, passes with several roots, seeds and wanted inputs; undefined gradients."""

import torch

torch.manual_seed(0)
x = torch.randn(4, 4, dtype=torch.float64, requires_grad=True)
y = torch.randn(4, 4, dtype=torch.float64, requires_grad=True)
u, s, v = torch.linalg.svd(x, full_matrices=False)
q, r = torch.linalg.qr(y)
values, vectors = torch.linalg.eigh(x + x.t())
a, b, _ = (x * y).unbind(0)[:3]
var, mean = torch.var_mean(x, dim=1)
first = s.sum() + q[0].sum() + values.pow(2).sum() + (vectors**2)[0].sum() + torch.logdet(x @ x.t() + torch.eye(4, dtype=torch.float64))
second = torch.stack([a, b, var, mean]) + torch.linalg.solve(x + 5 * torch.eye(4, dtype=torch.float64), y)
torch.autograd.backward(
    [first, second, x * 2], [None, torch.ones(4, 4, dtype=torch.float64), torch.randn(4, 4, dtype=torch.float64)], retain_graph=True
)
torch.autograd.grad([second, first], [y, x], [torch.randn(4, 4, dtype=torch.float64), None], retain_graph=True)
first.backward(inputs=[x])
try:
    first.backward()
except RuntimeError as error:
    print(error)
