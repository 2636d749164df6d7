# expect: nan.parameter
# element: [0]
import torch
from torch import nn


class Gate(nn.Module):
    def __init__(self, rates):
        super().__init__()
        self.logit = nn.Parameter(torch.log(torch.tensor(rates)))

    def forward(self, x):
        return x * torch.sigmoid(self.logit) + self.logit  #! read


net = Gate([-1.0, 0.5])
loss = net(torch.ones(2)).sum()
loss.backward()  #! used
