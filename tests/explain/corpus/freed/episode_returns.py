# expect: freed.shared-forward
# REINFORCE with one backward a time step, over an episode whose actions came of one recurrent network.
import torch
from torch import nn

policy, head = nn.GRUCell(2, 4), nn.Linear(4, 2)
h = torch.zeros(1, 4)
log_probs = []
for x in torch.randn(4, 1, 2):
    h = policy(x, h)
    log_probs.append(torch.log_softmax(head(h), 1)[0, 0])
for t, log_prob in enumerate(log_probs):
    (-log_prob * (4 - t)).backward()  #! freed #! used
