# expect: severed.never-used
import torch
from torch import nn


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.pretrained_head = nn.Linear(6, 10)
        self.trunk = nn.Linear(3, 6)
        self.head = nn.Linear(6, 2)  # meant to take the place of the other

    def forward(self, x):
        return self.head(self.trunk(x).relu())


net = Classifier()
optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
loss = nn.functional.cross_entropy(net(torch.randn(4, 3)), torch.tensor([0, 1, 1, 0]))
loss.backward()
optimizer.step()
