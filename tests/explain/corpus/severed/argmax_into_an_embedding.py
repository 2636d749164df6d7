# expect: severed.not-differentiable
import torch
from torch import nn

generator = nn.Linear(4, 7)
words = nn.Embedding(7, 3)
critic = nn.Linear(3, 1)
modules = nn.ModuleList([generator, words, critic])
optimizer = torch.optim.Adam(modules.parameters())
token = generator(torch.randn(5, 4)).argmax(-1)  #! cut
loss = critic(words(token)).mean()
loss.backward()
optimizer.step()
