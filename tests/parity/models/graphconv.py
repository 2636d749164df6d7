"""Graph networks over an edge list: degrees by scatter_add, messages by index_add, pooling by index_reduce and scatter_reduce."""

from typing import Any


def run(torch: Any, track: Any, steps: int = 20) -> None:
    nn, F = torch.nn, torch.nn.functional

    class GraphConv(nn.Module):
        def __init__(self, inside: int, out: int) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.empty(inside, out))
            self.bias = nn.Parameter(torch.zeros(out))
            nn.init.xavier_uniform_(self.weight)

        def forward(self, x: Any, edges: Any) -> Any:
            source, target = edges
            degree = torch.zeros(x.size(0), dtype=x.dtype).scatter_add_(0, target, torch.ones(target.size(0), dtype=x.dtype))
            norm = degree.clamp(min=1).pow(-0.5)
            messages = (x @ self.weight)[source] * (norm[source] * norm[target]).unsqueeze(-1)
            return torch.zeros(x.size(0), self.weight.size(1), dtype=x.dtype).index_add(0, target, messages) + self.bias

    class Attend(nn.Module):
        def __init__(self, width: int) -> None:
            super().__init__()
            self.score = nn.Linear(2 * width, 1)

        def forward(self, x: Any, edges: Any) -> Any:
            source, target = edges
            scores = F.leaky_relu(self.score(torch.cat([x[source], x[target]], dim=-1))).squeeze(-1)
            top = torch.full((x.size(0),), -1e30, dtype=x.dtype).scatter_reduce(0, target, scores.detach(), "amax")
            weights = torch.exp(scores - top[target])
            total = torch.zeros(x.size(0), dtype=x.dtype).index_add(0, target, weights)
            weights = weights / total[target]
            return torch.zeros_like(x).scatter_add(0, target[:, None].expand(-1, x.size(1)), weights[:, None] * x[source])

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.attend, self.second = GraphConv(5, 8), Attend(8), GraphConv(8, 6)
            self.out = nn.Linear(12, 3)

        def forward(self, x: Any, edges: Any, graphs: Any, count: int) -> Any:
            x = F.relu(self.first(x, edges))
            x = F.dropout(self.attend(x, edges), 0.2, training=self.training)
            x = torch.tanh(self.second(x, edges))
            where = graphs[:, None].expand_as(x)
            mean = torch.zeros(count, x.size(1), dtype=x.dtype).scatter_reduce(0, where, x, "mean", include_self=False)
            most = torch.zeros(count, x.size(1), dtype=x.dtype).scatter_reduce(0, where, x, "amax", include_self=False)
            return self.out(torch.cat([mean, most], dim=1))

    model = Net()
    track.begin(model)
    optimizer = torch.optim.Adamax(model.parameters(), lr=0.02, weight_decay=1e-3)
    nodes, count = 14, 3
    x = torch.randn(nodes, 5)
    edges = torch.randint(0, nodes, (2, 40))
    edges = torch.cat([edges, torch.arange(nodes).repeat(2, 1)], dim=1)
    graphs = torch.arange(nodes) % count
    labels = torch.tensor([0, 2, 1])
    for _ in range(steps):
        loss = F.multi_margin_loss(model(x, edges, graphs, count), labels)
        loss = loss + 0.3 * F.cross_entropy(model(x, edges, graphs, count), labels)
        optimizer.zero_grad()
        loss.backward()
        track.step(loss, model)
        optimizer.step()
