# expect: inplace.index-assignment
import torch

steps, width = 5, 3
w = torch.randn(width, width, requires_grad=True)
x = torch.randn(steps, width)
states = torch.zeros(steps + 1, width)
for t in range(steps):
    states[t + 1] = torch.tanh(x[t] + states[t] @ w)  #! saved #! changed
loss = states[1:].pow(2).sum()
loss.backward()  #! used
