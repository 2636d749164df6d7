"""A U-Net: convolutions down, transposed and interpolated ones up, skips by concatenation, dice and cross entropy."""

from typing import Any


def run(torch: Any, track: Any, steps: int = 20) -> None:
    nn, F = torch.nn, torch.nn.functional

    class DoubleConv(nn.Sequential):
        def __init__(self, inside: int, out: int) -> None:
            super().__init__(
                nn.Conv2d(inside, out, 3, padding=1),
                nn.BatchNorm2d(out),
                nn.LeakyReLU(0.1, inplace=True),
                nn.Conv2d(out, out, 3, padding=1, padding_mode="reflect"),
                nn.InstanceNorm2d(out, affine=True),
                nn.ReLU(inplace=True),
            )

    class UNet(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inc = DoubleConv(1, 4)
            self.down1 = nn.Sequential(nn.MaxPool2d(2), DoubleConv(4, 8))
            self.down2 = nn.Sequential(nn.AvgPool2d(2), DoubleConv(8, 8))
            self.up1 = nn.ConvTranspose2d(8, 8, kernel_size=2, stride=2)
            self.conv1 = DoubleConv(16, 4)
            self.up2 = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
            self.conv2 = DoubleConv(8, 4)
            self.out = nn.Conv2d(4, 2, 1)

        def forward(self, x: Any) -> Any:
            a = self.inc(x)
            b = self.down1(a)
            c = self.up1(self.down2(b))
            c = F.pad(c, [0, b.size(3) - c.size(3), 0, b.size(2) - c.size(2)])
            d = self.up2(self.conv1(torch.cat([b, c], dim=1)))
            return self.out(self.conv2(torch.cat([a, d], dim=1)))

    def dice(scores: Any, masks: Any) -> Any:
        chances = scores.softmax(1)[:, 1]
        both = (chances * masks).sum((1, 2))
        return 1 - ((2 * both + 1) / (chances.sum((1, 2)) + masks.sum((1, 2)) + 1)).mean()

    model = UNet()
    track.begin(model)
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3, momentum=0.9, weight_decay=1e-8)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, "min", patience=2)
    images = torch.randn(2, 1, 12, 12)
    masks = (images[:, 0] > 0.3).long()
    for _ in range(steps):
        scores = model(images)
        loss = F.cross_entropy(scores, masks, weight=torch.tensor([0.4, 0.6], dtype=scores.dtype)) + dice(scores, masks)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        track.step(loss, model)
        optimizer.step()
        scheduler.step(loss.item())
