# expect: nothing
import torch
from torch import nn


class LanguageModel(nn.Module):
    def __init__(self, vocabulary, dim):
        super().__init__()
        self.embed = nn.Embedding(vocabulary, dim)
        self.rnn = nn.GRU(dim, dim, batch_first=True)
        self.out = nn.Linear(dim, vocabulary, bias=False)
        self.out.weight = self.embed.weight

    def forward(self, ids):
        return self.out(self.rnn(self.embed(ids))[0])


net = LanguageModel(12, 6)
optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
for _ in range(2):
    ids = torch.randint(0, 12, (3, 6))
    logits = net(ids[:, :-1])
    loss = nn.functional.cross_entropy(logits.reshape(-1, 12), ids[:, 1:].reshape(-1))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
