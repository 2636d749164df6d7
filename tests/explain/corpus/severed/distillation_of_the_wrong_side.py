# expect: severed.no-grad
import torch
from torch import nn

teacher, student = nn.Linear(4, 3), nn.Linear(4, 3)
for p in teacher.parameters():
    p.requires_grad_(False)
optimizer = torch.optim.Adam(student.parameters())
calibration = nn.Parameter(torch.ones(1))
optimizer.add_param_group({"params": [calibration]})
x = torch.randn(5, 4)
with torch.no_grad():
    guess = student(x)  #! cut
loss = nn.functional.mse_loss(calibration * guess, teacher(x))
loss.backward()
optimizer.step()
