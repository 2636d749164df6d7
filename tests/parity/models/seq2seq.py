"""A translation model: GRU encoder, additive attention, a GRU cell step by step with forced and free inputs."""

import random
from typing import Any


def run(torch: Any, track: Any, steps: int = 20) -> None:
    nn, F = torch.nn, torch.nn.functional
    coin = random.Random(3)

    class Encoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(10, 6)
            self.gru = nn.GRU(6, 8, num_layers=2, batch_first=True, dropout=0.1)
            self.dropout = nn.Dropout(0.1)

        def forward(self, tokens: Any) -> Any:
            return self.gru(self.dropout(self.embedding(tokens)))

    class Attention(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.wa, self.ua, self.va = nn.Linear(8, 5), nn.Linear(8, 5), nn.Linear(5, 1)

        def forward(self, query: Any, keys: Any) -> Any:
            scores = self.va(torch.tanh(self.wa(query) + self.ua(keys))).squeeze(2).unsqueeze(1)
            weights = F.softmax(scores, dim=-1)
            return torch.bmm(weights, keys), weights

    class Decoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(12, 6)
            self.attention = Attention()
            self.cell = nn.GRUCell(14, 8)
            self.out = nn.Linear(8, 12)

        def forward(self, keys: Any, hidden: Any, targets: Any, forced: bool) -> Any:
            token = torch.zeros(keys.size(0), dtype=torch.long)
            scores = []
            for i in range(targets.size(1)):
                context, _ = self.attention(hidden.unsqueeze(1), keys)
                hidden = self.cell(torch.cat((self.embedding(token), context.squeeze(1)), dim=1), hidden)
                scores.append(self.out(hidden))
                token = targets[:, i] if forced else scores[-1].topk(1)[1].squeeze(-1).detach()
            return F.log_softmax(torch.stack(scores, dim=1), dim=-1)

    encoder, decoder = Encoder(), Decoder()
    track.begin(encoder, decoder)
    encoder_optimizer = torch.optim.Adagrad(encoder.parameters(), lr=0.05)
    decoder_optimizer = torch.optim.NAdam(decoder.parameters(), lr=0.01)
    criterion = nn.NLLLoss(ignore_index=11)
    source, target = torch.randint(0, 10, (5, 7)), torch.randint(0, 12, (5, 6))
    for _ in range(steps):
        encoder_optimizer.zero_grad()
        decoder_optimizer.zero_grad()
        keys, hidden = encoder(source)
        made = decoder(keys, hidden[-1], target, coin.random() < 0.5)
        loss = criterion(made.view(-1, made.size(-1)), target.view(-1))
        loss.backward()
        track.step(loss, encoder, decoder)
        encoder_optimizer.step()
        decoder_optimizer.step()
