# expect: inplace.saved-output
import torch
from torch import nn


class Attention(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.q, self.k, self.v = nn.Linear(dim, dim), nn.Linear(dim, dim), nn.Linear(dim, dim)

    def forward(self, x, mask):
        scores = self.q(x) @ self.k(x).transpose(-2, -1) / x.shape[-1] ** 0.5
        attention = torch.softmax(scores, dim=-1)  #! saved
        attention.masked_fill_(mask, 0.0)  #! changed
        return attention @ self.v(x)


net = Attention(4)
mask = torch.triu(torch.ones(3, 3), 1).bool()
out = net(torch.randn(2, 3, 4), mask)
out.pow(2).mean().backward()  #! used
