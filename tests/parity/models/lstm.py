"""Two LSTMs: one over packed sequences with padded embeddings, one with state carried through truncated backpropagation."""

from typing import Any


def run(torch: Any, track: Any, steps: int = 20) -> None:
    nn = torch.nn
    rnn = torch.nn.utils.rnn

    class Tagger(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Embedding(13, 6, padding_idx=0)
            self.lstm = nn.LSTM(6, 7, num_layers=2, batch_first=True, bidirectional=True)
            self.out = nn.Linear(14, 4)

        def forward(self, tokens: Any, lengths: Any) -> Any:
            packed = rnn.pack_padded_sequence(self.embed(tokens), lengths, batch_first=True, enforce_sorted=False)
            states, _ = self.lstm(packed)
            padded, _ = rnn.pad_packed_sequence(states, batch_first=True)
            return self.out(padded)

    class Language(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Embedding(11, 8)
            self.lstm = nn.LSTM(8, 9)
            self.out = nn.Linear(9, 11)

        def forward(self, tokens: Any, state: Any) -> Any:
            made, state = self.lstm(self.embed(tokens), state)
            return self.out(made), state

    tagger, language = Tagger(), Language()
    track.begin(tagger, language)
    optimizer = torch.optim.Adam([*tagger.parameters(), *language.parameters()], lr=0.01)
    lengths = torch.tensor([3, 6, 2, 5])
    tokens, tags = torch.randint(1, 13, (4, 6)), torch.randint(0, 4, (4, 6))
    mask = torch.arange(6)[None, :] < lengths[:, None]
    tokens = tokens * mask
    stream = torch.randint(0, 11, (4 * steps + 1, 3))
    state = None
    for step in range(steps):
        optimizer.zero_grad()
        scores = tagger(tokens, lengths)
        loss = nn.functional.cross_entropy(scores[mask], tags[mask])
        piece = stream[4 * step : 4 * step + 5]
        if state is not None:
            state = tuple(s.detach() for s in state)
        made, state = language(piece[:-1], state)
        loss = loss + nn.functional.cross_entropy(made.reshape(-1, 11), piece[1:].reshape(-1))
        loss.backward()
        track.step(loss, tagger, language)
        nn.utils.clip_grad_value_(language.parameters(), 0.5)
        optimizer.step()
