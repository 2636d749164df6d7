# expect: nothing
import torch
from torch import nn

net = nn.Sequential(
    nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.MaxPool2d(2),
    nn.Conv2d(4, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1),
    nn.Flatten(), nn.Linear(8, 3),
)  # fmt: skip
optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-4)
for _ in range(3):
    images, labels = torch.randn(6, 1, 8, 8), torch.randint(0, 3, (6,))
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(net(images), labels)
    loss.backward()
    optimizer.step()
net.eval()
with torch.no_grad():
    print(net(torch.randn(2, 1, 8, 8)).argmax(1))
