# expect: severed.detach
import torch
from pooling import masked_mean
from torch import nn

encoder = nn.Linear(4, 4)
head = nn.Linear(4, 2)
optimizer = torch.optim.AdamW([*encoder.parameters(), *head.parameters()])
tokens, mask = torch.randn(2, 5, 4), torch.ones(2, 5)
pooled = masked_mean(encoder(tokens), mask)
loss = nn.functional.cross_entropy(head(pooled), torch.tensor([0, 1]))
loss.backward()
optimizer.step()
