"""An LSTM encoder and decoder with attention that learns to reverse sequences."""

import argparse
import logging
import random

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

PAD, BOS, EOS, FIRST = 0, 1, 2, 3


class Encoder(nn.Module):
    def __init__(self, vocabulary, width, layers):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width, padding_idx=PAD)
        self.rnn = nn.LSTM(width, width, layers, batch_first=True)

    def forward(self, tokens, lengths):
        packed = pack_padded_sequence(self.embedding(tokens), lengths, batch_first=True, enforce_sorted=False)
        outputs, state = self.rnn(packed)
        return pad_packed_sequence(outputs, batch_first=True)[0], state


class Attention(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.query, self.energy = nn.Linear(2 * width, width), nn.Linear(width, 1, bias=False)

    def forward(self, hidden, memory, mask):
        wide = hidden[:, None].expand(-1, memory.shape[1], -1)
        scores = self.energy(torch.tanh(self.query(torch.cat([wide, memory], dim=2)))).squeeze(2)
        weights = scores.masked_fill(mask, float("-inf")).softmax(dim=1)
        return torch.bmm(weights[:, None], memory)


class Decoder(nn.Module):
    def __init__(self, vocabulary, width, layers):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width, padding_idx=PAD)
        self.attention = Attention(width)
        self.rnn = nn.LSTM(2 * width, width, layers, batch_first=True)
        self.out = nn.Linear(width, vocabulary)

    def forward(self, token, state, memory, mask):
        context = self.attention(state[0][-1], memory, mask)
        output, state = self.rnn(torch.cat([self.embedding(token)[:, None], context], dim=2), state)
        return self.out(output.squeeze(1)), state


class Seq2Seq(nn.Module):
    def __init__(self, vocabulary, width, layers, freeze_memory=False):
        super().__init__()
        self.encoder, self.decoder = Encoder(vocabulary, width, layers), Decoder(vocabulary, width, layers)
        self.freeze_memory = freeze_memory

    def forward(self, source, lengths, target, forcing):
        memory, state = self.encoder(source, lengths)
        if self.freeze_memory:  # "saves memory"
            memory, state = memory.detach(), tuple(part.detach() for part in state)
        mask = source[:, : memory.shape[1]] == PAD
        token, logits = target[:, 0], []
        for place in range(1, target.shape[1]):
            step, state = self.decoder(token, state, memory, mask)
            logits.append(step)
            token = target[:, place] if random.random() < forcing else step.argmax(1)
        return torch.stack(logits, dim=1)


def batches(count, size, vocabulary, longest):
    for _ in range(count):
        words = [torch.randint(FIRST, vocabulary, (random.randint(2, longest),)) for _ in range(size)]
        source = pad_sequence(words, batch_first=True, padding_value=PAD)
        target = [torch.cat([torch.tensor([BOS]), word.flip(0), torch.tensor([EOS])]) for word in words]
        yield source, torch.tensor([len(word) for word in words]), pad_sequence(target, batch_first=True, padding_value=PAD)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batches", type=int, default=50)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--vocabulary", type=int, default=20)
    parser.add_argument("--longest", type=int, default=8)
    parser.add_argument("--forcing", type=float, default=0.5)
    parser.add_argument("--freeze-memory", action="store_true")
    parser.add_argument("--save", default="")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO)
    torch.manual_seed(0)
    random.seed(0)

    model = Seq2Seq(args.vocabulary, args.width, args.layers, args.freeze_memory)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=1)
    criterion = nn.CrossEntropyLoss(ignore_index=PAD)
    for epoch in range(args.epochs):
        total = 0.0
        for source, lengths, target in batches(args.batches, args.batch_size, args.vocabulary, args.longest):
            logits = model(source, lengths, target, args.forcing)
            loss = criterion(logits.flatten(0, 1), target[:, 1:].flatten())
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            total += loss.item()
        scheduler.step(total)
        logging.info("epoch %d loss %.4f", epoch, total / args.batches)
        if args.save:
            torch.save(model.state_dict(), args.save)


if __name__ == "__main__":
    main()
