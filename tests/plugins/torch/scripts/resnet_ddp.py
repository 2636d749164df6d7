"""A ResNet on several processes: DistributedDataParallel over gloo. Run it by torchrun, or let it start its processes itself."""

import argparse
import logging
import os
import signal
import socket

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
import torch.nn.functional as F
from torch import nn
from torch.nn.parallel import DistributedDataParallel as DDP
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset


class BasicBlock(nn.Module):
    def __init__(self, inputs, planes, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, planes, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.downsample = None
        if stride != 1 or inputs != planes:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, planes, 1, stride, bias=False), nn.BatchNorm2d(planes))

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        out = F.relu(self.bn1(self.conv1(x)), inplace=True)
        return F.relu(self.bn2(self.conv2(out)) + shortcut, inplace=True)


class ResNet(nn.Module):
    def __init__(self, width=8, classes=4):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, width, 3, padding=1, bias=False), nn.BatchNorm2d(width)
        self.layer1, self.layer2 = BasicBlock(width, width), BasicBlock(width, 2 * width, 2)
        self.fc = nn.Linear(2 * width, classes)

    def forward(self, x):
        x = self.layer2(self.layer1(F.relu(self.bn1(self.conv1(x)))))
        return self.fc(F.adaptive_avg_pool2d(x, 1).flatten(1))


def data(count):
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(4, (count,), generator=generator)
    images = torch.randn(count, 3, 8, 8, generator=generator) + labels[:, None, None, None]
    return TensorDataset(images, labels)


def train(rank, world, args):
    logging.basicConfig(level=logging.INFO, format=f"[rank {rank}] %(message)s")
    dist.init_process_group("gloo", rank=rank, world_size=world)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = DDP(ResNet())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    samples = data(args.size)
    sampler = DistributedSampler(samples, num_replicas=world, rank=0 if args.same_data else rank)
    loader = DataLoader(samples, args.batch_size, sampler=sampler)
    step = 0
    for epoch in range(args.epochs):
        sampler.set_epoch(epoch)
        for images, labels in loader:
            if (rank, step) == (args.bad_rank, args.bad_step):
                if args.fault == "nan":
                    images[0, 0, 0, 0] = float("nan")  # a broken file
                elif args.fault == "kill":
                    os.kill(os.getpid(), signal.SIGKILL)
            optimizer.zero_grad()
            loss = F.cross_entropy(model(images), labels)
            loss.backward()
            optimizer.step()
            step += 1
        if rank == 0:
            logging.info("epoch %d loss %.4f", epoch, loss.item())
            if args.checkpoint:
                torch.save(model.module.state_dict(), args.checkpoint)
        dist.barrier()
    dist.destroy_process_group()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--batch-size", type=int, default=4)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--fault", choices=("", "nan", "kill"), default="")
    parser.add_argument("--bad-rank", type=int, default=2)
    parser.add_argument("--bad-step", type=int, default=3)
    parser.add_argument("--same-data", action="store_true")
    parser.add_argument("--checkpoint", default="")
    args = parser.parse_args()
    if "RANK" in os.environ:
        train(int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"]), args)
        return
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(free_port()))
    mp.spawn(train, args=(args.processes, args), nprocs=args.processes)


if __name__ == "__main__":
    main()
