"""Attention by hand and by the fused function, layer norm, a mask, weights that are used twice."""

import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(0)
heads, norm, tied = nn.MultiheadAttention(8, 2, dropout=0.1, batch_first=True), nn.LayerNorm(8), nn.Linear(8, 8)
x = torch.randn(2, 5, 8, requires_grad=True)
mask = torch.triu(torch.ones(5, 5, dtype=torch.bool), 1)
a, weights = heads(norm(x), norm(x), norm(x), attn_mask=mask)
q = (x + a).view(2, 5, 2, 4).transpose(1, 2)
b = F.scaled_dot_product_attention(q, q, q, is_causal=True).transpose(1, 2).reshape(2, 5, 8)
c = (q @ q.transpose(-2, -1) / 2).masked_fill(mask, float("-inf")).softmax(-1) @ q
loss = (tied(F.gelu(tied(b))) + c.transpose(1, 2).reshape(2, 5, 8)).pow(2).mean() + weights.var()
loss.backward()
