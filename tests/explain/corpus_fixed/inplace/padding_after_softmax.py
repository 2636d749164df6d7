import torch
import torch.nn as nn


class Head(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(width, width) for _ in range(3))

    def forward(self, x, pad):
        scores = self.q(x) @ self.k(x).transpose(-2, -1) / x.shape[-1] ** 0.5
        attention = scores.softmax(-1)
        attention = attention.masked_fill(pad[:, None, :], 0.0)
        return attention @ self.v(x)


torch.manual_seed(0)
head = Head(6)
x = torch.randn(2, 4, 6)
pad = torch.tensor([[False, False, True, True], [False, False, False, True]])
head(x, pad).square().mean().backward()
