# expect: nan.log-zero
import torch
from torch import nn

net = nn.Linear(2, 3)
with torch.no_grad():
    net.weight.zero_()
    net.bias.copy_(torch.tensor([0.0, 200.0, 0.0]))
y = torch.tensor([0, 1])
probabilities = torch.softmax(net(torch.randn(2, 2)), dim=1)
picked = probabilities[torch.arange(2), y]
loss = -torch.log(picked).mean()  #! born
loss.backward()  #! used
