"""Correlations and their 4D convolutions arranged for inference, with the weights of conv4d.py.

A 4D tensor is a stack of matrices [B, C, S, T] over source and target positions, S = hs * ws and
T = ht * wt. Differences from architecture/conv4d.py:
- The convolution over one pair of dims reads a transposed copy of the matrices, made block by
  block, instead of a permuted 6D tensor.
- Max-pooling compares whole rows of the matrix.
- A correlation that is pooled first is never stored. Its products are computed once by rows and
  once by columns, in parts that stay in the cache, and are pooled there.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nemf_model.architecture.conv4d import Conv4d, CostEmbedding, PhiEmbedding
from nemf_model.config import LevelConfig, ModelConfig
from nemf_model.export.fast_linear import compiled, products

# Products that are computed together before they are pooled: 8 MiB of float32.
_PRODUCTS = 1 << 21


def transposed(x: Tensor) -> Tensor:
    """[B, M, N] -> [B, N, M], contiguous."""
    if x.is_cuda:
        return x.transpose(1, 2).contiguous()
    # PyTorch copies block by block only for 2D tensors.
    return torch.stack([matrix.t().contiguous() for matrix in x.unbind(0)])


def pool_rows(x: Tensor, height: int, width: int, stride: int) -> Tensor:
    """Max-pools the rows of matrices, which are the positions of an image.

    Args:
      x: [B, height * width, N].
      stride: side of the kernel, too; ceil mode.

    Returns:
      [B, height' * width', N].
    """
    if stride == 1:
        return x
    b, _, n = x.shape
    if height % stride != 0 or width % stride != 0:
        image = x.view(b, height, width, n).permute(0, 3, 1, 2)
        return F.max_pool2d(image, stride, stride, ceil_mode=True).permute(0, 2, 3, 1).flatten(1, 2)
    cells = x.view(b, height // stride, stride, width // stride, stride, n)
    best = cells[:, :, 0, :, 0]
    for row in range(stride):
        for column in range(stride):
            if row + column > 0:
                best = torch.maximum(best, cells[:, :, row, :, column])
    return best.flatten(1, 2)


def pooled_products(a: Tensor, b: Tensor, size: int, stride: int, part: int) -> Tensor:
    """Computes the products of rows of two matrices, max-pooled over a's positions.

    Args:
      a: [B, size * size, K].
      b: [B, N, K].
      part: about this many products are computed together.

    Returns:
      [B, size' * size', N].
    """
    rows = max(1, part // (b.shape[1] * size * stride)) * stride
    if a.is_cuda:
        rows = size
    answers = []
    for one_a, one_b in zip(a.unbind(0), b.unbind(0)):  # noqa: B905 (TorchScript has no strict)
        pooled = []
        for image_rows in one_a.split(rows * size):
            costs = products(image_rows, one_b).unsqueeze(0)
            pooled.append(pool_rows(costs, image_rows.shape[0] // size, size, stride)[0])
        answers.append(torch.cat(pooled))
    return torch.stack(answers)


_transposed = compiled(transposed)
_pooled_products = compiled(pooled_products)


class FastConv4d(nn.Module):
    """A Conv4d that is not transposed, with its GroupNorm and ReLU."""

    def __init__(self, conv: Conv4d, norm: nn.GroupNorm, size: int) -> None:
        """size: side of both images of positions."""
        super().__init__()
        self.conv, self.norm, self.size = conv, norm, size

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, S, T] -> [B, C', S', T']."""
        b, c, s, t = x.shape
        by_source = pool_rows(x.reshape(b * c, s, t), self.size, self.size, self.conv.stride)
        by_target = _transposed(x.reshape(b, c * s, t))
        by_target = pool_rows(by_target, self.size, self.size, self.conv.stride)
        return self.from_pooled(
            by_source.view(b, c, -1, t).transpose(1, 2), by_target.view(b, -1, c, s)
        )

    def from_pooled(self, by_source: Tensor, by_target: Tensor) -> Tensor:
        """Takes the input pooled over either image.

        Args:
          by_source: [B, S', C, T].
          by_target: [B, T', C, S].

        Returns:
          [B, C', S', T'].
        """
        b, sources, c, _ = by_source.shape
        targets = by_target.shape[1]
        over_target = self.conv.supp_conv(by_source.reshape(-1, c, self.size, self.size))
        over_source = self.conv.query_conv(by_target.reshape(-1, c, self.size, self.size))
        outputs = self.norm.num_channels
        out = _transposed(over_source.reshape(b, targets, -1)).view(b, outputs, sources, targets)
        out.add_(over_target.reshape(b, sources, outputs, targets).transpose(1, 2))
        return self.norm(out.flatten(2)).relu_().view(out.shape)


class FastCostEmbedding(nn.Module):
    """A level's CostEmbedding, from unit features instead of their correlation."""

    def __init__(self, level: LevelConfig, plain: CostEmbedding) -> None:
        """level: not a transposed one."""
        super().__init__()
        self.level = level
        self.layers = nn.ModuleList()
        size = level.size
        for conv, norm, _ in plain.embedder.conv4d:
            self.layers.append(FastConv4d(conv, norm, size))
            size = -(-size // conv.stride)

    @property
    def pooling(self) -> tuple[int, int]:
        """The tap and the stride that pooled() depends on; levels with equal ones may share it."""
        return self.level.tap, self.level.strides[0]

    def pooled(self, source: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the products of both images' unit features [B, size * size, K], pooled over the
        source, [B, S', T], and over the target, [B, T', S]."""
        size, stride = self.level.size, self.level.strides[0]
        return (
            _pooled_products(source, target, size, stride, _PRODUCTS),
            _pooled_products(target, source, size, stride, _PRODUCTS),
        )

    def forward(self, by_source: Tensor, by_target: Tensor) -> Tensor:
        """Embeds the answer of pooled(): [B, C, S', T']."""
        x = self.layers[0].from_pooled(by_source.unsqueeze(2), by_target.unsqueeze(2))
        for layer in self.layers[1:]:
            x = layer(x)
        return x


class FastPhiEmbedding(nn.Module):
    """A PhiEmbedding whose weights of R's mean are added to those of R's channels."""

    def __init__(self, plain: PhiEmbedding, config: ModelConfig) -> None:
        super().__init__()
        conv, norm, _ = plain.embedder.conv4d[0]
        conv = without_mean_channel(conv, config.cost_embedding.channels)
        self.layer = FastConv4d(conv, norm, config.grid)

    def forward(self, refined: Tensor, field_correlations: list[Tensor]) -> Tensor:
        """R and the field correlations, [B, C, S, T] each -> [B, C', S, T]."""
        return self.layer(
            torch.cat([refined, *field_correlations], dim=1) if field_correlations else refined
        )


@torch.no_grad()
def without_mean_channel(conv: Conv4d, channels: int) -> Conv4d:
    """Returns a convolution of [R, field correlations] that answers like `conv`, which is one of
    [R, mean R, field correlations]; channels: R's own."""
    folded = Conv4d(conv.query_conv.in_channels - 1, conv.query_conv.out_channels, conv.stride)
    for name in ("query_conv", "supp_conv"):
        plain, new = getattr(conv, name), getattr(folded, name)
        own, mean, field_correlations = plain.weight.tensor_split([channels, channels + 1], dim=1)
        new.weight.copy_(torch.cat([own + mean / channels, field_correlations], dim=1))
        new.bias.copy_(plain.bias)
    return folded
