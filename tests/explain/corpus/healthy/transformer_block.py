# expect: nothing
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attention = nn.MultiheadAttention(dim, heads, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(dim, 4 * dim), nn.GELU(), nn.Linear(4 * dim, dim))

    def forward(self, x):
        h = self.norm1(x)
        x = x + self.attention(h, h, h, need_weights=False)[0]
        return x + self.mlp(self.norm2(x))


net = nn.Sequential(Block(8, 2), Block(8, 2))
head = nn.Linear(8, 5)
optimizer = torch.optim.AdamW([*net.parameters(), *head.parameters()], lr=1e-3)
for _ in range(2):
    x, y = torch.randn(2, 4, 8), torch.randint(0, 5, (2, 4))
    loss = nn.functional.cross_entropy(head(net(x)).flatten(0, 1), y.flatten())
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
