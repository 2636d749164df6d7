"""A denoising diffusion step: sinusoidal times, group norm, attention over pixels, an average of the weights."""

import copy
import math
from typing import Any


def run(torch: Any, track: Any, steps: int = 20) -> None:
    nn, F = torch.nn, torch.nn.functional

    class Times(nn.Module):
        def forward(self, t: Any) -> Any:
            half = 4
            frequencies = torch.exp(torch.arange(half, device=t.device) * -(math.log(10000) / (half - 1)))
            angles = t[:, None] * frequencies[None, :]
            return torch.cat((angles.sin(), angles.cos()), dim=-1)

    class Block(nn.Module):
        def __init__(self, channels: int) -> None:
            super().__init__()
            self.norm = nn.GroupNorm(2, channels)
            self.conv = nn.Conv2d(channels, channels, 3, padding=1)
            self.time = nn.Sequential(nn.SiLU(), nn.Linear(8, 2 * channels))

        def forward(self, x: Any, t: Any) -> Any:
            scale, shift = self.time(t)[:, :, None, None].chunk(2, dim=1)
            return x + self.conv(F.silu(self.norm(x) * (scale + 1) + shift))

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.times = nn.Sequential(Times(), nn.Linear(8, 8), nn.Mish(), nn.Linear(8, 8))
            self.first = nn.Conv2d(2, 6, 3, padding="same")
            self.blocks = nn.ModuleList([Block(6), Block(6)])
            self.qkv = nn.Conv2d(6, 18, 1)
            self.last = nn.Conv2d(6, 2, 1)

        def attend(self, x: Any) -> Any:
            b, c, h, w = x.shape
            q, k, v = (part.reshape(b, 2, c // 2, h * w).transpose(-1, -2) for part in self.qkv(x).chunk(3, dim=1))
            return x + F.scaled_dot_product_attention(q, k, v).transpose(-1, -2).reshape(b, c, h, w)

        def forward(self, x: Any, t: Any) -> Any:
            t = self.times(t)
            x = self.first(x)
            for block in self.blocks:
                x = block(x, t)
            return self.last(self.attend(x))

    model = Net()
    average = copy.deepcopy(model).requires_grad_(False)
    track.begin(model, average)
    betas = torch.linspace(1e-4, 0.02, 50)
    alphas = torch.cumprod(1.0 - betas, dim=0)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=5e-3, total_steps=steps + 1)
    images = torch.randn(4, 2, 5, 5)
    for _ in range(steps):
        t = torch.randint(0, 50, (4,))
        noise = torch.randn_like(images)
        kept = alphas.gather(-1, t).view(-1, 1, 1, 1)
        loss = F.smooth_l1_loss(model(kept.sqrt() * images + (1 - kept).sqrt() * noise, t), noise, beta=0.5)
        optimizer.zero_grad()
        loss.backward()
        track.step(loss, model)
        optimizer.step()
        scheduler.step()
        with torch.no_grad():
            for slow, fast in zip(average.parameters(), model.parameters(), strict=True):
                slow.mul_(0.9).add_(fast, alpha=0.1)
