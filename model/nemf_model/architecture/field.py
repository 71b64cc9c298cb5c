"""The matching field: a pair of continuous points and the cost embedding there -> a score."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nemf_model.config import ModelConfig


def harmonic_embedding(points: Tensor, frequencies: Tensor, scale: float, offset: float) -> Tensor:
    """[N, 2] normalised (x, y) -> [N, 4F + 2].

    With u = scale * (x, y) + offset: sin(u_x f) for all F frequencies, sin(u_y f), cos(u_x f),
    cos(u_y f), then u_x, u_y.
    """
    u = points * scale + offset
    angles = (u.unsqueeze(2) * frequencies).flatten(1)
    return torch.cat([angles.sin(), angles.cos(), u], dim=1)


class FieldBlock(nn.Module):
    """x + fc_1(relu(fc_0(relu(x))))."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.fc_0 = nn.Linear(hidden, hidden)
        self.fc_1 = nn.Linear(hidden, hidden)
        nn.init.zeros_(self.fc_1.weight)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.fc_1(F.relu(self.fc_0(F.relu(x))))


class Decoder(nn.Module):
    """NeMF's decoder (that of convolutional occupancy networks)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        hidden = config.field.hidden
        inputs = 2 * (4 * config.field.frequency_count + 2)
        self.scale = config.field.scale
        self.offset = config.field.offset
        self.register_buffer(
            "frequencies", torch.tensor(config.field.frequencies), persistent=False
        )
        self.fc_c = nn.ModuleList(
            nn.Linear(config.field.phi_channels, hidden) for _ in range(config.field.blocks)
        )
        self.fc_p = nn.Linear(inputs, hidden)
        self.blocks = nn.ModuleList(FieldBlock(hidden) for _ in range(config.field.blocks))
        self.fc_out = nn.Linear(hidden, 1)

    def forward(self, points: Tensor, phi: Tensor) -> Tensor:
        """points: [N, 4] normalised (xs, ys, xt, yt); phi: [N, C] -> scores [N] (logits).

        The embedding of the points passes no gradient, as in the reference.
        """
        points = points.detach()
        source = harmonic_embedding(points[:, :2], self.frequencies, self.scale, self.offset)
        target = harmonic_embedding(points[:, 2:], self.frequencies, self.scale, self.offset)
        net = self.fc_p(torch.cat([source, target], dim=1))
        # TorchScript, in which the field is exported, knows no `strict`.
        for project, block in zip(self.fc_c, self.blocks):  # noqa: B905
            net = block(net + project(phi))
        return self.fc_out(F.relu(net)).squeeze(1)
