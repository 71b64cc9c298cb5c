"""1x1 convolutions as products of matrices."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn


def pointwise(convolution: nn.Conv2d, x: Tensor) -> Tensor:
    """The answer of a 1x1 convolution, [B, C, h, w] -> [B, C', h, w].

    On the CPU the bits of the convolution itself depend on the number of threads for some shapes,
    and the server encodes pairs side by side only if they do not; those of a product do not. Those
    of a product with one vector depend on where in memory it lies, so one channel is a plain sum.
    """
    if convolution.out_channels == 1:
        products = x * convolution.weight.view(1, -1, 1, 1)
        return products.sum(dim=1, keepdim=True) + convolution.bias
    weight = convolution.weight.flatten(1)
    return F.linear(x.permute(0, 2, 3, 1), weight, convolution.bias).permute(0, 3, 1, 2)
