# expect: nothing
import torch
import torch.nn as nn
import torch.nn.functional as F

model = nn.Sequential(
    nn.Conv2d(1, 4, 3, padding=1),
    nn.Tanh(),
    nn.ReLU(inplace=False),
    nn.Flatten(),
    nn.Linear(4 * 8 * 8, 10),
)
images, labels = torch.randn(2, 1, 8, 8), torch.randint(0, 10, (2,))
logits = model(images)
loss = F.cross_entropy(logits, labels)
loss.backward()
