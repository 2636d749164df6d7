# expect: severed.loss-not-differentiable
import torch
from torch import nn

net = nn.Linear(5, 3)
x, y = torch.randn(8, 5), torch.randint(0, 3, (8,))
logits = net(x)
predicted = logits.argmax(dim=1)  #! cut
loss = (predicted != y).float().mean()
loss.backward()  #! used
