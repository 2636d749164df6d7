import torch
import torch.nn as nn


class Tagger(nn.Module):
    def __init__(self, vocab, hidden):
        super().__init__()
        self.emb = nn.Embedding(vocab, 8)
        self.rnn = nn.RNN(8, hidden, batch_first=True)
        self.out = nn.Linear(hidden, vocab)
        self.reset(2, hidden)

    def reset(self, batch, hidden):
        self.h = torch.zeros(1, batch, hidden)

    def forward(self, tokens):
        y, self.h = self.rnn(self.emb(tokens), self.h.detach())
        return self.out(y)


torch.manual_seed(0)
model = Tagger(12, 6)
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
criterion = nn.CrossEntropyLoss()
for _ in range(4):
    tokens = torch.randint(0, 12, (2, 5))
    logits = model(tokens[:, :-1])
    loss = criterion(logits.reshape(-1, 12), tokens[:, 1:].reshape(-1))
    opt.zero_grad()
    loss.backward()
    opt.step()
