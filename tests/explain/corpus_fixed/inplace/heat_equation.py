# expect: nothing
# A finite difference solver that writes each time step into one array.
import torch

nodes, steps = 8, 4
k = torch.tensor(0.1, requires_grad=True)
u = torch.sin(torch.linspace(0.0, 3.0, nodes))
for _n in range(steps - 1):
    inner = u[1:-1] + k * (u[2:] - 2 * u[1:-1] + u[:-2]) * u[1:-1]
    u = torch.cat([torch.zeros(1), inner, torch.zeros(1)])
loss = (u - 0.5).pow(2).mean()
loss.backward()
print(k.grad)
