# expect: nan.zero-times-inf
# element: [1]
# operands: 0 -inf
import torch
from torch import nn

net = nn.Linear(3, 3)
p = torch.relu(net(torch.randn(2, 3)))
q = torch.tensor([0.3, 0.0, 0.7])
entropy = -(q * torch.log(q)).sum()  #! born #! overflow
loss = p.sum() + entropy
loss.backward()  #! used
