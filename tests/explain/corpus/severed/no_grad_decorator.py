# expect: severed.no-grad
import torch
from torch import nn


class Siamese(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(6, 3)
        self.score = nn.Linear(1, 1)

    @torch.no_grad()
    def encode(self, x):
        return nn.functional.normalize(self.embed(x), dim=-1)  #! cut

    def forward(self, a, b):
        return self.score((self.encode(a) * self.encode(b)).sum(-1, keepdim=True))


net = Siamese()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
loss = (net(torch.randn(4, 6), torch.randn(4, 6)) - 1).abs().mean()
loss.backward()
optimizer.step()
