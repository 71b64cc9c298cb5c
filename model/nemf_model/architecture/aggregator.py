"""The transformer that refines the 4D cost embedding (CATs' aggregator).

A token is one source (or target) position of one cost channel; its values are the costs against
every position of the other image, followed by the position's own projected features.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nemf_model.config import ModelConfig


class Attention(nn.Module):
    """Multi-head self-attention over the second dim of [N, tokens, width]."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        n, tokens, width = x.shape
        qkv = self.qkv(x).view(n, tokens, 3, self.heads, width // self.heads)
        if qkv.device.type == "cpu":
            qkv = qkv.float()  # In mixed precision: its gradient takes longer in bfloat16 there.
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        with torch.autocast(qkv.device.type, enabled=qkv.device.type != "cpu"):
            out = F.scaled_dot_product_attention(q, k, v)
        return self.proj(out.transpose(1, 2).reshape(n, tokens, width))


class Mlp(nn.Module):
    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.gelu(self.fc1(x)))


class Block(nn.Module):
    """Attention within each channel, then between the channels of each position; all pre-norm."""

    def __init__(self, width: int, heads: int, mlp_ratio: float) -> None:
        super().__init__()
        hidden = int(width * mlp_ratio)
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.attn = Attention(width, heads)
        self.norm4 = nn.LayerNorm(width, eps=1e-6)
        self.mlp2 = Mlp(width, hidden)
        self.norm3 = nn.LayerNorm(width, eps=1e-6)
        self.attn_multiscale = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.mlp = Mlp(width, hidden)

    def forward(self, x: Tensor) -> Tensor:
        """[B, channels, positions, width] -> the same."""
        b, channels, positions, width = x.shape
        x = x.reshape(b * channels, positions, width)
        x = x + self.attn(self.norm1(x))
        x = x + self.mlp2(self.norm4(x))
        x = x.view(b, channels, positions, width).transpose(1, 2)
        x = x.reshape(b * positions, channels, width)
        x = x + self.attn_multiscale(self.norm3(x))
        x = x + self.mlp(self.norm2(x))
        return x.view(b, positions, channels, width).transpose(1, 2)


class Aggregator(nn.Module):
    """Refines the cost embedding by self-attention over targets, then over sources."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        positions = config.grid * config.grid
        sizes = config.cost_embedding
        width = positions + sizes.feature_channels
        levels = len(sizes.levels)
        self.grid = config.grid
        self.channels = tuple(level.channels[-1] for level in sizes.levels)
        # The x half is one embedding a column, the y half one a row.
        self.pos_embed_x = nn.Parameter(torch.zeros(1, levels, 1, config.grid, width // 2))
        self.pos_embed_y = nn.Parameter(torch.zeros(1, levels, config.grid, 1, width // 2))
        self.blocks = nn.Sequential(
            *(Block(width, sizes.heads, sizes.mlp_ratio) for _ in range(sizes.depth))
        )
        self.proj = nn.Linear(width, positions)
        if config.reference_layout:
            self.norm = nn.LayerNorm(width)
        self._initialise()

    def _initialise(self) -> None:
        nn.init.trunc_normal_(self.pos_embed_x, std=0.02)
        nn.init.trunc_normal_(self.pos_embed_y, std=0.02)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                nn.init.zeros_(module.bias)

    def _per_channel(self, x: Tensor) -> Tensor:
        """Repeats each level's entry of dim 1 for every cost channel of that level."""
        parts = [x[:, i : i + 1].expand(-1, count, -1, -1) for i, count in enumerate(self.channels)]
        return torch.cat(parts, dim=1)

    def _position_embedding(self) -> Tensor:
        x = self.pos_embed_x.expand(-1, -1, self.grid, -1, -1)
        y = self.pos_embed_y.expand(-1, -1, -1, self.grid, -1)
        return self._per_channel(torch.cat([x, y], dim=4).flatten(2, 3))

    def forward(self, cost: Tensor, source: Tensor, target: Tensor) -> Tensor:
        """cost: [B, C, sources, targets]; source, target: [B, levels, positions, features].

        Returns the refined cost, [B, C, sources, targets].
        """
        position = self._position_embedding()
        tokens = torch.cat([cost.transpose(2, 3), self._per_channel(target)], dim=3) + position
        refined = self.proj(self.blocks(tokens)).transpose(2, 3) + cost
        tokens = torch.cat([refined, self._per_channel(source)], dim=3) + position
        return self.proj(self.blocks(tokens)) + cost
