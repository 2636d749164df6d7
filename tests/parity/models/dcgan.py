"""A DCGAN: two networks and two optimizers, transposed convolutions, spectral norm, losses on detached and attached fakes."""

from typing import Any


def run(torch: Any, track: Any, steps: int = 20) -> None:
    nn = torch.nn

    def weights_init(m: Any) -> None:
        name = m.__class__.__name__
        if name.find("Conv") != -1 and hasattr(m, "weight"):
            nn.init.normal_(m.weight.data, 0.0, 0.02)
        elif name.find("BatchNorm") != -1:
            nn.init.normal_(m.weight.data, 1.0, 0.02)
            nn.init.constant_(m.bias.data, 0)

    generator = nn.Sequential(
        nn.ConvTranspose2d(6, 8, 3, 1, 0, bias=False),
        nn.BatchNorm2d(8),
        nn.ReLU(True),
        nn.ConvTranspose2d(8, 4, 4, 2, 1, bias=False),
        nn.BatchNorm2d(4),
        nn.ReLU(True),
        nn.ConvTranspose2d(4, 1, 4, 2, 1, output_padding=0, bias=False),
        nn.Tanh(),
    )
    discriminator = nn.Sequential(
        nn.Conv2d(1, 4, 4, 2, 1, bias=False),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Conv2d(4, 8, 4, 2, 1, bias=False),
        nn.BatchNorm2d(8),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Dropout2d(0.2),
        nn.Conv2d(8, 1, 3, 1, 0, bias=False),
        nn.Flatten(),
    )
    generator.apply(weights_init)
    discriminator.apply(weights_init)
    track.begin(generator, discriminator)
    criterion = nn.BCEWithLogitsLoss()
    optimizer_d = torch.optim.Adam(discriminator.parameters(), lr=2e-3, betas=(0.5, 0.999))
    optimizer_g = torch.optim.Adam(generator.parameters(), lr=2e-3, betas=(0.5, 0.999))
    real = torch.randn(4, 1, 12, 12).clamp(-1, 1)
    for _ in range(steps):
        discriminator.zero_grad()
        error_real = criterion(discriminator(real), torch.full((4, 1), 0.9, dtype=real.dtype))
        error_real.backward()
        fake = generator(torch.randn(4, 6, 1, 1))
        error_fake = criterion(discriminator(fake.detach()), torch.zeros(4, 1))
        error_fake.backward()
        track.step(error_real + error_fake, discriminator)
        optimizer_d.step()
        generator.zero_grad()
        error = criterion(discriminator(fake), torch.ones(4, 1))
        error.backward()
        track.step(error, generator)
        optimizer_g.step()
