"""Train a small CNN on pictures of CIFAR's shape.

The pictures are made up (a colour and a stripe a class, and noise), so that nothing has to be downloaded.
"""

import argparse
import logging
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn, optim
from torch.utils.data import DataLoader, Dataset

log = logging.getLogger("cifar")


class Stripes(Dataset):
    def __init__(self, size, classes=10, train=True):
        generator = torch.Generator().manual_seed(0 if train else 1)
        self.labels = torch.randint(classes, (size,), generator=generator)
        self.noise = torch.randn(size, 3, 32, 32, generator=generator) * 0.2
        self.train = train

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        label = int(self.labels[index])
        image = self.noise[index].clone()
        image[label % 3] += 0.5
        image[:, label * 3 : label * 3 + 3, :] += 1.0
        if self.train and index % 2:
            image = image.flip(-1)
        return image, label


class ConvBlock(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x):
        return F.max_pool2d(F.relu(self.norm(self.conv(x))), 2)


class Net(nn.Module):
    def __init__(self, classes=10, width=16):
        super().__init__()
        self.features = nn.Sequential(ConvBlock(3, width), ConvBlock(width, 2 * width), ConvBlock(2 * width, 4 * width))
        self.dropout = nn.Dropout(0.25)
        self.head = nn.Linear(4 * width * 4 * 4, classes)

    def forward(self, x):
        return self.head(self.dropout(self.features(x).flatten(1)))


def focal_loss(logits, target, gamma=2.0):
    """The focal loss of Lin et al., by hand."""
    p = logits.softmax(dim=1)
    chosen = p.gather(1, target[:, None]).squeeze(1)
    return (-((1 - chosen) ** gamma) * torch.log(chosen)).mean()


def train_one_epoch(model, loader, optimizer, loss_of, epoch, args):
    model.train()
    for i, (images, labels) in enumerate(loader):
        optimizer.zero_grad()
        logits = model(images) / args.temperature
        loss = loss_of(logits, labels)
        loss.backward()
        optimizer.step()
        if i % args.log_interval == 0:
            log.info("epoch %d [%d/%d] loss %.4f", epoch, i, len(loader), loss.item())


@torch.no_grad()
def evaluate(model, loader):
    model.eval()
    right = sum((model(images).argmax(1) == labels).sum().item() for images, labels in loader)
    return right / len(loader.dataset)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--size", type=int, default=2048)
    parser.add_argument("--lr", type=float, default=0.05)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--loss", choices=("cross-entropy", "focal"), default="cross-entropy")
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--log-interval", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--checkpoint", type=Path, default=None)
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    torch.manual_seed(args.seed)

    train = DataLoader(Stripes(args.size), args.batch_size, shuffle=True, num_workers=args.workers)
    test = DataLoader(Stripes(max(args.size // 8, 8), train=False), args.batch_size)
    model = Net()
    optimizer = optim.SGD(model.parameters(), lr=args.lr, momentum=0.9, weight_decay=5e-4)
    scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
    loss_of = F.cross_entropy if args.loss == "cross-entropy" else focal_loss

    for epoch in range(args.epochs):
        train_one_epoch(model, train, optimizer, loss_of, epoch, args)
        scheduler.step()
        log.info("epoch %d accuracy %.3f lr %.4f", epoch, evaluate(model, test), scheduler.get_last_lr()[0])
        if args.checkpoint is not None:
            torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": epoch}, args.checkpoint)


if __name__ == "__main__":
    main()
