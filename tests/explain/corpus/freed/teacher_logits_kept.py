# expect: freed.computed-once
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
teacher = nn.Linear(5, 4)
student = nn.Linear(5, 4)
data = torch.randn(20, 5)
soft = F.softmax(teacher(data) / 2.0, dim=1)  #! made

optimizer = torch.optim.SGD(list(student.parameters()) + list(teacher.parameters()), lr=0.1)


def epoch():
    for start in range(0, 20, 10):
        logits = student(data[start : start + 10])
        loss = F.kl_div(F.log_softmax(logits / 2.0, dim=1), soft[start : start + 10], reduction="batchmean")
        optimizer.zero_grad()
        loss.backward()  #! used
        optimizer.step()


for _ in range(3):
    epoch()
