"""The residual block of the project's own networks."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with a shortcut, which is a 1x1 convolution where sizes differ.

    norm_shortcut: whether that convolution is followed by a BatchNorm2d.
    """

    def __init__(
        self, inputs: int, outputs: int, stride: int = 1, norm_shortcut: bool = True
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.stride = stride
        self.shortcut: nn.Module | None = None
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Conv2d(inputs, outputs, 1, bias=False)
            if norm_shortcut:
                self.shortcut = nn.Sequential(self.shortcut, nn.BatchNorm2d(outputs))

    def before_relu(self, x: Tensor) -> Tensor:
        """The block's sum, before its last ReLU."""
        out = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.stride > 1:
            # Here and not in the 1x1 convolution, whose gradient by oneDNN writes past its memory
            # on CPUs with AVX2 alone, with a stride and channels that are no multiple of 8.
            x = x[:, :, :: self.stride, :: self.stride]
        return out + (x if self.shortcut is None else self.shortcut(x))

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.before_relu(x))
