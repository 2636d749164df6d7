# expect: severed.numpy
import torch
from torch import nn

scorer = nn.Linear(4, 1)
mixer = nn.Linear(5, 1)
optimizer = torch.optim.SGD([*scorer.parameters(), *mixer.parameters()], lr=0.1)
scores = scorer(torch.randn(5, 4)).flatten()
ranked = sorted(scores.tolist())  #! cut
loss = mixer(torch.tensor(ranked)).pow(2).sum()
loss.backward()
optimizer.step()
