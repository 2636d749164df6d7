# expect: nothing
import torch

steps, width = 5, 3
w = torch.randn(width, width, requires_grad=True)
x = torch.randn(steps, width)
states = [torch.zeros(width)]
for t in range(steps):
    states.append(torch.tanh(x[t] + states[t] @ w))
loss = torch.stack(states[1:]).pow(2).sum()
loss.backward()
