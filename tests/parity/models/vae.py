"""A variational autoencoder: drawn by reparametrisation, binary cross entropy and Kullback-Leibler divergence."""

from typing import Any


def run(torch: Any, track: Any, steps: int = 20) -> None:
    nn, F = torch.nn, torch.nn.functional

    class VAE(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder = nn.Sequential(nn.Linear(20, 16), nn.SiLU(), nn.Linear(16, 12), nn.ELU())
            self.mean, self.log_variance = nn.Linear(12, 3), nn.Linear(12, 3)
            self.decoder = nn.Sequential(nn.Linear(3, 16), nn.Softplus(), nn.Linear(16, 20))

        def reparameterize(self, mean: Any, log_variance: Any) -> Any:
            std = torch.exp(0.5 * log_variance)
            return mean + torch.randn_like(std) * std

        def forward(self, x: Any) -> Any:
            h = self.encoder(x)
            mean, log_variance = self.mean(h), self.log_variance(h)
            return torch.sigmoid(self.decoder(self.reparameterize(mean, log_variance))), mean, log_variance

    model = VAE()
    track.begin(model)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3, amsgrad=True)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 7, 0.5)
    data = torch.rand(10, 20)
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(data), batch_size=5, shuffle=True)
    done = 0
    while done < steps:
        for (batch,) in loader:
            optimizer.zero_grad()
            made, mean, log_variance = model(batch)
            divergence = -0.5 * torch.sum(1 + log_variance - mean.pow(2) - log_variance.exp())
            loss = F.binary_cross_entropy(made, batch, reduction="sum") + divergence
            loss.backward()
            track.step(loss, model)
            optimizer.step()
            scheduler.step()
            done += 1
