# expect: inplace.saved-output
import torch
from torch import nn

net = nn.Linear(4, 4)
p = torch.softmax(net(torch.randn(2, 4)), -1)  #! saved
p.add_(  #! changed
    1e-6,
).log_()  #! changed
p.mean().backward()  #! used
