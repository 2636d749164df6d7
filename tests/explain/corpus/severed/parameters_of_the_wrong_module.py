# expect: severed.not-in-optimizer
import torch
from torch import nn


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Linear(3, 5)
        self.head = nn.Linear(5, 2)

    def forward(self, x):
        return self.head(torch.relu(self.backbone(x)))


model = Model()
optimizer = torch.optim.SGD(model.backbone.parameters(), lr=0.1)  #! optimizer
for _ in range(2):
    optimizer.zero_grad()
    loss = model(torch.randn(4, 3)).logsumexp(-1).mean()
    loss.backward()
    optimizer.step()
