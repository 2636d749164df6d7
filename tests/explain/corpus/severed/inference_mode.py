# expect: severed.loss-no-grad
import torch
from torch import nn

model = nn.Sequential(nn.Linear(4, 4), nn.GELU(), nn.Linear(4, 1))


@torch.inference_mode()
def predict(batch):
    return model(batch)  #! cut


loss = predict(torch.randn(3, 4)).sum()
loss.backward()  #! used
