# expect: inplace.index-assignment
# A finite difference solver that writes each time step into one array.
import torch

nodes, steps = 8, 4
k = torch.tensor(0.1, requires_grad=True)
u = torch.zeros(steps, nodes)
u[0] = torch.sin(torch.linspace(0.0, 3.0, nodes))
for n in range(steps - 1):
    u[n + 1, 1:-1] = u[n, 1:-1] + k * (u[n, 2:] - 2 * u[n, 1:-1] + u[n, :-2]) * u[n, 1:-1]  #! saved #! changed
loss = (u[-1] - 0.5).pow(2).mean()
loss.backward()  #! used
print(k.grad)
