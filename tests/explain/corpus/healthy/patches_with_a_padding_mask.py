# expect: nothing
import torch
from torch import nn


class Tiny(nn.Module):
    def __init__(self):
        super().__init__()
        self.patch = nn.Conv2d(1, 8, 4, 4)
        self.cls = nn.Parameter(torch.zeros(1, 1, 8))
        self.pos = nn.Parameter(torch.randn(1, 5, 8) * 0.02)
        layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.1, batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(8, 3)

    def forward(self, x, mask=None):
        z = self.patch(x).flatten(2).transpose(1, 2)
        z = torch.cat([self.cls.expand(len(x), -1, -1), z], 1) + self.pos
        return self.head(self.encoder(z, src_key_padding_mask=mask)[:, 0])


torch.manual_seed(0)
model = Tiny()
opt = torch.optim.AdamW(model.parameters())
mask = torch.zeros(2, 5, dtype=torch.bool)
mask[1, 3:] = True
for _ in range(2):
    loss = nn.functional.cross_entropy(model(torch.randn(2, 1, 8, 8), mask), torch.tensor([0, 2]))
    opt.zero_grad()
    loss.backward()
    opt.step()
