"""A DCGAN: two networks, two optimizers, three backward passes a step."""

import argparse
import logging

import torch
from torch import nn, optim


def weights_init(module):
    name = type(module).__name__
    if "Conv" in name:
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif "BatchNorm" in name:
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)


class Generator(nn.Module):
    def __init__(self, latent, width):
        super().__init__()
        self.main = nn.Sequential(
            nn.ConvTranspose2d(latent, width * 2, 4, 1, 0, bias=False), nn.BatchNorm2d(width * 2), nn.ReLU(True),
            nn.ConvTranspose2d(width * 2, width, 4, 2, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(True),
            nn.ConvTranspose2d(width, 1, 4, 2, 1, bias=False), nn.Tanh(),
        )  # fmt: skip

    def forward(self, z):
        return self.main(z)


class Discriminator(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(1, width, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(width, width * 2, 4, 2, 1, bias=False), nn.BatchNorm2d(width * 2), nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(width * 2, 1, 4, 1, 0, bias=False),
        )  # fmt: skip

    def forward(self, x):
        return self.main(x).flatten()


def discs(count, size=16):
    """Pictures of a disc each, somewhere."""
    rows, columns = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    centre = torch.randint(4, size - 4, (count, 2, 1, 1))
    return (((rows - centre[:, 0]) ** 2 + (columns - centre[:, 1]) ** 2 < 12).float() * 2 - 1)[:, None]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--latent", type=int, default=16)
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--lr", type=float, default=2e-4)
    parser.add_argument("--detach", choices=("discriminator", "both"), default="discriminator", help="where the fakes are cut off")
    parser.add_argument("--outf", default="")
    opt = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.manual_seed(999)

    netG, netD = Generator(opt.latent, opt.width).apply(weights_init), Discriminator(opt.width).apply(weights_init)
    criterion = nn.BCEWithLogitsLoss()
    optimizerD = optim.Adam(netD.parameters(), lr=opt.lr, betas=(0.5, 0.999))
    optimizerG = optim.Adam(netG.parameters(), lr=opt.lr, betas=(0.5, 0.999))
    real_label, fake_label = torch.ones(opt.batch_size), torch.zeros(opt.batch_size)

    for step in range(opt.steps):
        netD.zero_grad()
        errD_real = criterion(netD(discs(opt.batch_size)), real_label)
        errD_real.backward()
        fake = netG(torch.randn(opt.batch_size, opt.latent, 1, 1))
        if opt.detach == "both":
            fake = fake.detach()
        errD_fake = criterion(netD(fake.detach()), fake_label)
        errD_fake.backward()
        optimizerD.step()

        netG.zero_grad()
        errG = criterion(netD(fake), real_label)
        errG.backward()
        optimizerG.step()
        if step % 20 == 0:
            logging.info("step %d Loss_D %.4f Loss_G %.4f", step, (errD_real + errD_fake).item(), errG.item())
    if opt.outf:
        torch.save(netG.state_dict(), f"{opt.outf}/netG.pth")


if __name__ == "__main__":
    main()
