# expect: nothing
import torch
from torch import nn

tagger = nn.Sequential(nn.Embedding(20, 8, padding_idx=0), nn.Linear(8, 5))
optimizer = torch.optim.Adam(tagger.parameters(), lr=1e-2)
for _ in range(2):
    words = torch.randint(1, 20, (3, 6))
    tags = torch.randint(0, 5, (3, 6))
    words[:, 4:] = 0
    tags[:, 4:] = -100
    loss = nn.functional.cross_entropy(tagger(words).flatten(0, 1), tags.flatten(), ignore_index=-100)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
