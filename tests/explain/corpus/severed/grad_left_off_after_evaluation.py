# expect: severed.loss-no-grad
import torch
from torch import nn

net = nn.Linear(3, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)


def evaluate(x):
    torch.set_grad_enabled(False)
    return net(x).mean().item()


print(evaluate(torch.randn(2, 3)))
out = net(torch.randn(4, 3))  #! cut
loss = out.pow(2).mean()
loss.backward()  #! used
optimizer.step()
