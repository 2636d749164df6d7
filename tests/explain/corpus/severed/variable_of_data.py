# expect: severed.data
import torch
from torch import nn
from torch.autograd import Variable

cnn = nn.Conv2d(1, 2, 3)
fc = nn.Linear(2 * 4 * 4, 2)
optimizer = torch.optim.SGD(list(cnn.parameters()) + list(fc.parameters()), lr=0.01)
images = Variable(torch.randn(2, 1, 6, 6))
features = cnn(images).relu()
features = Variable(features.data)  #! cut
output = fc(features.view(2, -1))
loss = output.pow(2).sum()
loss.backward()
optimizer.step()
