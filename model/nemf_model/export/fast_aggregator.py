"""The aggregator's arithmetic arranged for inference, with an Aggregator's weights.

Differences from the Aggregator:
- On the CPU tokens pass through a half block in parts, so that its activations stay in the cache
  and no tensor is wider than the residual stream.
- Products are fused with bias, GELU and residual (fast_linear.py).
- The residual stream keeps one layout and is updated in place.

The modules are compiled by torch.jit.script.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from nemf_model.architecture.aggregator import Aggregator, Attention, Block, Mlp
from nemf_model.export.fast_linear import linear, linear_add, linear_gelu

# Tokens that pass through a half block together on the CPU.
_TOKENS = 4096


class HalfBlock(nn.Module):
    """x + attention(norm(x)), then x + mlp(norm(x)): one of the two halves of a `Block`."""

    def __init__(
        self, norm1: nn.LayerNorm, attention: Attention, norm2: nn.LayerNorm, mlp: Mlp
    ) -> None:
        super().__init__()
        self.norm1, self.attention, self.norm2, self.mlp = norm1, attention, norm2, mlp
        self.heads = attention.heads

    def forward(self, x: Tensor) -> Tensor:
        """Maps [N, tokens, width], contiguous, to the same shape; attends over the tokens."""
        n, tokens, width = x.shape
        qkv = linear(self.norm1(x), self.attention.qkv.weight, self.attention.qkv.bias)
        parts = qkv.view(n, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        out = F.scaled_dot_product_attention(parts[0], parts[1], parts[2])
        out = out.transpose(1, 2).reshape(n, tokens, width)
        x = linear_add(out, self.attention.proj.weight, self.attention.proj.bias, x)
        hidden = linear_gelu(self.norm2(x), self.mlp.fc1.weight, self.mlp.fc1.bias)
        return linear_add(hidden, self.mlp.fc2.weight, self.mlp.fc2.bias, x)


class FastBlock(nn.Module):
    """A `Block` on the residual stream."""

    def __init__(self, block: Block) -> None:
        super().__init__()
        self.within = HalfBlock(block.norm1, block.attn, block.norm4, block.mlp2)
        self.between = HalfBlock(block.norm3, block.attn_multiscale, block.norm2, block.mlp)
        self.tokens = _TOKENS

    def forward(self, stream: Tensor) -> None:
        """Overwrites the stream [B, C, positions, width], contiguous, with the block's answer."""
        b, channels, positions, width = stream.shape
        sequences = stream.view(b * channels, positions, width)
        for part in sequences.split(self._together(stream, positions)):
            part.copy_(self.within(part))
        for part in stream.split(self._together(stream, b * channels), 2):
            tokens = part.transpose(1, 2).reshape(-1, channels, width)
            answer = self.between(tokens).view(b, -1, channels, width)
            part.copy_(answer.transpose(1, 2))

    def _together(self, stream: Tensor, tokens: int) -> int:
        """Returns how many sequences of `tokens` tokens are computed together; on a GPU all."""
        if stream.is_cuda:
            return stream.numel()
        return max(1, self.tokens // tokens)


class FastAggregator(nn.Module):
    """`Aggregator`, with its weights."""

    def __init__(self, plain: Aggregator) -> None:
        super().__init__()
        self.channels = plain.channels
        self.grid = plain.grid
        self.blocks = nn.ModuleList(FastBlock(block) for block in plain.blocks)
        self.pos_embed_x = plain.pos_embed_x
        self.pos_embed_y = plain.pos_embed_y
        self.proj = plain.proj

    def forward(self, cost: Tensor, source: Tensor, target: Tensor) -> Tensor:
        """cost: [B, C, sources, targets]; source, target: [B, levels, positions, features].

        Returns the refined cost, [B, C, sources, targets].
        """
        position = self._position_embedding(cost)
        by_target = cost.transpose(2, 3).contiguous()
        stream = self._tokens(by_target, target, position)
        for block in self.blocks:
            block(stream)
        refined = linear_add(stream, self.proj.weight, self.proj.bias, by_target)
        stream = self._tokens(refined.transpose(2, 3), source, position)
        for block in self.blocks:
            block(stream)
        return linear_add(stream, self.proj.weight, self.proj.bias, cost)

    def _position_embedding(self, like: Tensor) -> Tensor:
        """Returns [1, levels, positions, width] with the type and device of `like`.

        It is written into a new tensor: freezing would compute an expression of parameters alone
        and store the result in the file.
        """
        x, y = self.pos_embed_x, self.pos_embed_y
        half = x.shape[4]
        embedding = like.new_empty([1, x.shape[1], self.grid, self.grid, 2 * half])
        embedding[..., :half].copy_(x)
        embedding[..., half:].copy_(y)
        return embedding.flatten(2, 3)

    def _tokens(self, cost: Tensor, features: Tensor, position: Tensor) -> Tensor:
        """Concatenates costs [B, C, positions, others] with features, and adds positions."""
        b, channels, positions, others = cost.shape
        width = position.shape[3]
        tokens = cost.new_empty([b, channels, positions, width])
        begin = 0
        for level, count in enumerate(self.channels):
            part = tokens[:, begin : begin + count]
            part[..., :others].copy_(cost[:, begin : begin + count])
            part[..., others:].copy_(features[:, level : level + 1])
            part.add_(position[:, level : level + 1])
            begin += count
        return tokens
