# expect: freed.computed-once
import torch

theta = torch.randn(2, requires_grad=True)
energy = (theta**3).prod() + theta.sin().sum()
(gradient,) = torch.autograd.grad(energy, theta, create_graph=True)  #! ties
rows = []
for i in range(2):
    (row,) = torch.autograd.grad(gradient[i], theta)  #! reused #! freed #! used
    rows.append(row)
print(torch.stack(rows))
