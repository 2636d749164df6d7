# expect: nothing
import torch

theta = torch.randn(2, requires_grad=True)
energy = (theta**3).prod() + theta.sin().sum()
(gradient,) = torch.autograd.grad(energy, theta, create_graph=True)
rows = []
for i in range(2):
    (row,) = torch.autograd.grad(gradient[i], theta, retain_graph=True)
    rows.append(row)
print(torch.stack(rows))
