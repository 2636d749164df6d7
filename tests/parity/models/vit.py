"""A vision transformer: patches by convolution, a class token, the library's encoder layers, warm-up and cosine."""

import math
from typing import Any


def run(torch: Any, track: Any, steps: int = 20) -> None:
    nn = torch.nn

    class ViT(nn.Module):
        def __init__(self, size: int = 12, patch: int = 4, dim: int = 16, classes: int = 4) -> None:
            super().__init__()
            self.patches = nn.Conv2d(3, dim, kernel_size=patch, stride=patch)
            self.cls = nn.Parameter(torch.zeros(1, 1, dim))
            self.positions = nn.Parameter(torch.randn(1, (size // patch) ** 2 + 1, dim) * 0.02)
            layer = nn.TransformerEncoderLayer(dim, 4, 32, dropout=0.1, activation="gelu", batch_first=True, norm_first=True)
            self.encoder = nn.TransformerEncoder(layer, 2, norm=nn.LayerNorm(dim), enable_nested_tensor=False)
            self.head = nn.Linear(dim, classes)

        def forward(self, x: Any) -> Any:
            x = self.patches(x).flatten(2).transpose(1, 2)
            x = torch.cat([self.cls.expand(x.shape[0], -1, -1), x], dim=1) + self.positions
            return self.head(self.encoder(x)[:, 0])

    model = ViT()
    track.begin(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.05)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min((step + 1) / 5, 0.5 * (1 + math.cos(math.pi * step / steps))))
    images, labels = torch.randn(6, 3, 12, 12), torch.randint(0, 4, (6,))
    for _ in range(steps):
        loss = nn.functional.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        track.step(loss, model)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
